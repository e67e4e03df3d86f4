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

/** `root`: the image as it was named; `digest`: of the manifest of one platform. Faults become `problems`. */
export async function provenanceOf(root: Image, digest: string): Promise<FoundProvenance> {
  const found: FoundProvenance = { predicates: [], problems: [] };
  const { registry, repository } = root.place;
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isFault(error)) throw error;
      found.problems.push(error.message);
    }
  };
  const add = (statement: Statement | undefined): void => {
    const isOurs =
      statement?.subjects.includes(digest) === true && predicateTypes.includes(statement.predicateType);
    if (isOurs && found.predicates.length < mostPieces) found.predicates.push(statement.predicate);
  };
  const payloads = async (reference: string): Promise<Buffer[]> => {
    const { manifest } = await fetchManifest(registry, repository, reference);
    if (manifest.kind !== 'manifest') return [];
    const layers = manifest.layers.slice(0, mostPieces);
    return Promise.all(
      layers.map((layer) => fetchBlob(registry, repository, layer, defaultLimits.manifestBytes)),
    );
  };
  const hidden = root.manifest.kind === 'index' ? root.manifest.manifests : [];
  for (const entry of hidden
    .filter((one) => one.annotations?.['vnd.docker.reference.digest'] === digest)
    .slice(0, mostPieces))
    await attempt(async () => {
      for (const bytes of await payloads(entry.digest)) add(parseStatement(bytes));
    });
  await attempt(async () => {
    const referrers = await listReferrers(registry, repository, digest);
    for (const entry of referrers
      .filter(({ artifactType }) => bundleTypes.test(artifactType ?? ''))
      .slice(0, mostPieces))
      await attempt(async () => {
        for (const bytes of await payloads(entry.digest)) add(enveloped(bytes, 'dsseEnvelope'));
      });
  });
  await attempt(async () => {
    const { algorithm, hex } = parseDigest(digest);
    const tag = `${algorithm}-${hex}.att`;
    if ((await findManifest(registry, repository, tag)) === undefined) return;
    for (const bytes of await payloads(tag)) add(enveloped(bytes));
  });
  return found;
}

/** The statement in an envelope; undefined for a bundle that holds none. */
function enveloped(bytes: Buffer, field?: string): Statement | undefined {
  const document = parseJson(bytes.toString('utf8')) as Record<string, unknown> | null;
  const envelope = field === undefined ? document : document?.[field];
  return envelope === undefined || envelope === null
    ? undefined
    : parseStatement(parseEnvelope(envelope).payload);
}
