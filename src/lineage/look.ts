// Looks an image's bases up, down to where nobody knows further: without a server, with what registries and a book say.
import { isFault } from '../core/index.ts';
import {
  bestPlatform,
  formatPlatform,
  formatReference,
  type Platform,
  parseConfig,
  platformDistance,
} from '../image/index.ts';
import type { Read } from '../ledger/index.ts';
import { fetchBlob, TransportFault } from '../transport/index.ts';
import { platformsOf, type ResolvedImage, resolveDigest } from '../trust/index.ts';
import type { SeenBase } from './base.ts';
import type { LineageTables } from './book.ts';
import { claimsOf } from './claims.ts';
import type { DockerfileBases } from './dockerfile.ts';
import { type Lineage, lineageOf } from './lineage.ts';
import { provenanceOf } from './provenance.ts';
import { basesUnder } from './seen.ts';

export interface LookOptions {
  platform: Platform;
  /** Images to compare with, by name. */
  bases?: readonly string[];
  dockerfile?: DockerfileBases;
  book?: Read<LineageTables>;
  /** Of a name or `HOST/REPOSITORY@DIGEST`. Rejects with Faults. */
  resolve(name: string): Promise<ResolvedImage>;
}

export interface Looked {
  /** As it was named. */
  reference: string;
  /** Of the manifest of the platform. */
  digest: string;
  platform: string;
  layers: number;
  lineage: Lineage;
  /** What the base's tag stands for now, where it is another manifest. */
  moved?: string;
  /** What could not be read, a sentence each. */
  problems: string[];
  /** The base, looked at in the same way. */
  base?: Looked;
}

const deepest = 12;
const mostClaims = 20;

/** Rejects with Faults where the image itself cannot be read; trouble with bases is said in `problems`. */
export async function lookUp(image: ResolvedImage, options: LookOptions): Promise<Looked> {
  const met = new Map<string, { base: SeenBase; root: ResolvedImage }>();
  const problems: string[] = [];
  for (const name of options.bases ?? []) await meet(name, met, options, problems);
  const looked = await lookAt(image, met, options, options.dockerfile, 0);
  return { ...looked, problems: [...problems, ...looked.problems] };
}

type Met = Map<string, { base: SeenBase; root: ResolvedImage }>;

async function lookAt(
  root: ResolvedImage,
  met: Met,
  options: LookOptions,
  dockerfile: DockerfileBases | undefined,
  depth: number,
): Promise<Looked> {
  const image = await onPlatform(root, options.platform);
  if (image === undefined)
    throw new TransportFault(
      'platform-missing',
      `expected ${nameOf(root)} for ${formatPlatform(options.platform)}, got it for other platforms`,
      { hint: 'Choose one that it has with --platform.' },
    );
  const { config, digest, annotations } = image;
  const provenance = await provenanceOf(root, digest);
  const problems = [...provenance.problems];
  const repository = `${root.reference.domain}/${root.reference.repository}`;
  const sources = {
    annotations: { ...root.manifest.annotations, ...annotations },
    labels: config.labels,
    provenance: provenance.predicates,
    ...(dockerfile === undefined ? {} : { dockerfile }),
  };
  const claims = claimsOf(sources).slice(0, mostClaims);
  for (const claim of claims) {
    if (claim.reference === undefined) continue;
    const plain = claim.reference.replace(/:[^/:]*$/, '');
    await meet(
      claim.digest === undefined ? claim.reference : `${plain}@${claim.digest}`,
      met,
      options,
      problems,
      claim.reference,
    );
  }
  const seen = options.book && (await basesUnder(options.book, { diffIds: config.diffIds }));
  const lineage = lineageOf(
    { digest, repository, diffIds: config.diffIds, ...sources },
    united(met, seen ?? []),
  );
  const looked: Looked = {
    reference: nameOf(root),
    digest,
    platform: formatPlatform(config.platform),
    layers: config.diffIds.length,
    lineage,
    problems,
  };
  if (lineage.kind !== 'base' || depth >= deepest) return looked;
  const moved = await movedTo(lineage, options);
  if (moved !== undefined) looked.moved = moved;
  const below = met.get(lineage.platformDigest)?.root ?? (await again(lineage, options, problems));
  if (below !== undefined) looked.base = await lookAt(below, met, options, undefined, depth + 1);
  return looked;
}

function nameOf({ reference }: ResolvedImage): string {
  return formatReference(reference);
}

/** Reads a base that somebody named, once. */
async function meet(
  name: string,
  met: Met,
  options: LookOptions,
  problems: string[],
  calledAs = name,
): Promise<void> {
  try {
    const root = await options.resolve(name);
    const image = await onPlatform(root, options.platform);
    if (image === undefined) {
      problems.push(`${calledAs} has no ${formatPlatform(options.platform)}`);
      return;
    }
    const known = met.get(image.digest);
    const references = [...new Set([...(known?.base.references ?? []), calledAs])];
    const digests = [...new Set([...(known?.base.digests ?? []), root.digest])];
    const base = {
      references,
      digests,
      platformDigest: image.digest,
      diffIds: image.config.diffIds,
      isBase: true,
    };
    met.set(image.digest, { base, root });
  } catch (error) {
    if (!isFault(error)) throw error;
    problems.push(`${calledAs} could not be read: ${error.message}`);
  }
}

async function onPlatform(root: ResolvedImage, platform: Platform) {
  const entries = platformsOf(root);
  if (root.manifest.kind === 'index') {
    const listed = root.manifest.manifests.filter(({ digest }) =>
      entries.some((entry) => entry.digest === digest),
    );
    const chosen = bestPlatform(platform, listed);
    return chosen === undefined ? undefined : documentsOf(await resolveDigest(root, chosen.digest));
  }
  const image = await documentsOf(root);
  return image && platformDistance(platform, image.config.platform) === undefined ? undefined : image;
}

async function documentsOf({ manifest, place, digest }: ResolvedImage) {
  if (manifest.kind !== 'manifest') return undefined;
  const config = parseConfig(await fetchBlob(place.registry, place.repository, manifest.config));
  return { digest, config, annotations: manifest.annotations };
}

function united(met: Met, seen: readonly SeenBase[]): SeenBase[] {
  const all = new Map(seen.map((base) => [base.platformDigest, base]));
  for (const [digest, { base }] of met) {
    const known = all.get(digest);
    all.set(digest, {
      ...base,
      references: [...new Set([...base.references, ...(known?.references ?? [])])],
      digests: [...new Set([...base.digests, ...(known?.digests ?? [])])],
    });
  }
  return [...all.values()];
}

/** What the base's tag stands for now, when that is another manifest on this platform. */
async function movedTo(
  { references, platformDigest }: Extract<Lineage, { kind: 'base' }>,
  options: LookOptions,
): Promise<string | undefined> {
  const tagged = references.find((reference) => !reference.includes('@'));
  if (tagged === undefined) return undefined;
  try {
    const now = await options.resolve(tagged);
    const image = await onPlatform(now, options.platform);
    return image === undefined || image.digest === platformDigest ? undefined : now.digest;
  } catch (error) {
    if (!isFault(error)) throw error;
    return undefined;
  }
}

/** A base that only the book knew. */
async function again(
  { references, digest }: Extract<Lineage, { kind: 'base' }>,
  options: LookOptions,
  problems: string[],
): Promise<ResolvedImage | undefined> {
  const [name] = references;
  if (name === undefined) return undefined;
  try {
    return await options.resolve(`${name.replace(/@.*$/, '').replace(/:[^/:]*$/, '')}@${digest}`);
  } catch (error) {
    if (!isFault(error)) throw error;
    problems.push(`${name} is in its registry no more: ${error.message}`);
    return undefined;
  }
}
