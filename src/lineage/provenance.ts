// Reads the SLSA provenance of an image where builders put it: BuildKit's attestations in the index, bundles and cosign's
// attestations beside the manifest. Nobody verifies a signature here: what it says of a base counts only as the layers
// prove it.
import { defaultLimits, isFault, parseJson } from '../core/index.ts';
import {
  type Descriptor,
  parseDigest,
  parseEnvelope,
  parseStatement,
  type Statement,
} from '../image/index.ts';
import { fetchBlob, fetchManifest, findManifest, listReferrers, type Registry } from '../transport/index.ts';
import { isLinkedBuild } from './materials.ts';

interface Image {
  place: { registry: Registry; repository: string };
  manifest: { kind: 'manifest' } | { kind: 'index'; manifests: readonly Descriptor[] };
}

export interface FoundProvenance {
  /** Predicates of provenance about the manifest. */
  predicates: unknown[];
  /** What could not be listed or read, a sentence each. */
  problems: string[];
}

const predicateTypes = ['https://slsa.dev/provenance/v1', 'https://slsa.dev/provenance/v0.2'];
const mostPieces = 20;
const bundleTypes = /^application\/vnd\.dev\.sigstore\.bundle/;

/**
 * Whether attestations in the image's own index (its digest covers them) say that all above the base was made by COPY
 * --link. `base`: digests of the base's index and manifest. Rejects with nothing: what cannot be read is no.
 */
export async function isLinkedImage(root: Image, digest: string, base: readonly string[]): Promise<boolean> {
  const found: FoundProvenance = { predicates: [], problems: [] };
  await readHidden(root, digest, found);
  return found.predicates.some((predicate) => isLinkedBuild(predicate, base));
}

/** `root`: the image as it was named; `digest`: of the manifest of one platform. Faults become `problems`. */
export async function provenanceOf(root: Image, digest: string): Promise<FoundProvenance> {
  const found: FoundProvenance = { predicates: [], problems: [] };
  const { registry, repository } = root.place;
  await readHidden(root, digest, found);
  await attempt(found, async () => {
    const referrers = await listReferrers(registry, repository, digest);
    for (const entry of referrers
      .filter(({ artifactType }) => bundleTypes.test(artifactType ?? ''))
      .slice(0, mostPieces))
      await attempt(found, async () => {
        for (const bytes of await payloads(root.place, entry.digest))
          add(digest, found, enveloped(bytes, 'dsseEnvelope'));
      });
  });
  await attempt(found, async () => {
    const { algorithm, hex } = parseDigest(digest);
    const tag = `${algorithm}-${hex}.att`;
    if ((await findManifest(registry, repository, tag)) === undefined) return;
    for (const bytes of await payloads(root.place, tag)) add(digest, found, enveloped(bytes));
  });
  return found;
}

/** BuildKit's: entries of the index that name the manifest they are about. */
async function readHidden(root: Image, digest: string, found: FoundProvenance): Promise<void> {
  const entries = root.manifest.kind === 'index' ? root.manifest.manifests : [];
  const about = entries.filter((one) => one.annotations?.['vnd.docker.reference.digest'] === digest);
  for (const entry of about.slice(0, mostPieces))
    await attempt(found, async () => {
      for (const bytes of await payloads(root.place, entry.digest)) add(digest, found, parseStatement(bytes));
    });
}

async function attempt({ problems }: FoundProvenance, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isFault(error)) throw error;
    problems.push(error.message);
  }
}

function add(digest: string, { predicates }: FoundProvenance, statement: Statement | undefined): void {
  if (statement === undefined || predicates.length >= mostPieces) return;
  if (statement.subjects.includes(digest) && predicateTypes.includes(statement.predicateType))
    predicates.push(statement.predicate);
}

async function payloads({ registry, repository }: Image['place'], reference: string): Promise<Buffer[]> {
  const { manifest } = await fetchManifest(registry, repository, reference);
  if (manifest.kind !== 'manifest') return [];
  const layers = manifest.layers.slice(0, mostPieces);
  return Promise.all(
    layers.map((layer) => fetchBlob(registry, repository, layer, defaultLimits.manifestBytes)),
  );
}

/** The statement in an envelope; undefined for a bundle that holds none. */
function enveloped(bytes: Buffer, field?: string): Statement | undefined {
  const document = parseJson(bytes.toString('utf8')) as Record<string, unknown> | null;
  const envelope = field === undefined ? document : document?.[field];
  return envelope === undefined || envelope === null
    ? undefined
    : parseStatement(parseEnvelope(envelope).payload);
}
