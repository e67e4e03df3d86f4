// Moves an image to another registry once it may go: by digest, all platforms, with everything signed about it; the tag
// moves last, and the digest it leaves gets a keep-tag.
import { Fault } from '../core/index.ts';
import { type Descriptor, formatReference, parseDigest, type Reference } from '../image/index.ts';
import {
  copyImage,
  findManifest,
  fromRegistry,
  listFallback,
  listReferrers,
  pushManifest,
  type RawManifest,
  resolveTag,
  toRegistry,
} from '../transport/index.ts';
import { changeFallback } from './fallback.ts';
import type { Place } from './gather.ts';
import { openPlace, type PlaceOptions, platformsOf, type ResolvedImage } from './place.ts';

export type PromoteFaultCode = 'promotion-raced';

export class PromoteFault extends Fault<PromoteFaultCode> {}

export interface Promoted {
  digest: string;
  /** Manifests of signatures and attestations that went along. */
  evidence: number;
  /** The tag that keeps the digest that the destination's tag stood for. */
  kept?: string;
}

export interface PromoteOptions extends PlaceOptions {
  onStep?(text: string): void;
}

/** `image` was judged; its digest is what is copied, whatever its tag says by now. Throws RemoteFault, NetFault, PromoteFault. */
export async function promote(
  image: ResolvedImage,
  to: Reference,
  options: PromoteOptions,
): Promise<Promoted> {
  const destination = openPlace(to, options);
  const say = options.onStep ?? (() => {});
  say(`copying ${image.digest}`);
  const from: Reference = {
    domain: image.reference.domain,
    repository: image.reference.repository,
    digest: image.digest,
  };
  const target = toRegistry(destination.registry, destination.repository);
  await copyImage(fromRegistry(image.place.registry, from), target);
  let evidence = 0;
  for (const subject of [image.digest, ...childDigests(image)])
    evidence += await copyEvidence(image.place, destination, subject);
  say(`copied ${evidence} signatures and attestations`);
  if (to.tag === undefined) return { digest: image.digest, evidence };
  const kept = await keepOld(destination, to.tag, image.digest);
  await pushManifest(destination.registry, destination.repository, to.tag, image.bytes, image.mediaType);
  const now = await resolveTag(destination.registry, destination.repository, to.tag);
  if (now !== image.digest)
    throw new PromoteFault(
      'promotion-raced',
      `expected ${formatReference(to)} to stand for ${image.digest}, got ${now}`,
      {
        hint: 'Somebody else moved the tag at the same moment: promote again.',
      },
    );
  return { digest: image.digest, evidence, ...(kept === undefined ? {} : { kept }) };
}

function childDigests(image: ResolvedImage): string[] {
  return image.manifest.kind === 'index' ? platformsOf(image).map(({ digest }) => digest) : [];
}

/** Everything that refers to a manifest, whatever it is: what was signed stays with what it is about. */
async function copyEvidence(from: Place, to: Place, subject: string): Promise<number> {
  let count = 0;
  const listed = await listReferrers(from.registry, from.repository, subject);
  const fallback = listed.length > 0 ? [] : await listFallback(from.registry, from.repository, subject);
  const entries = [...listed, ...fallback];
  for (const { digest } of entries) await copyManifest(from, to, digest);
  if (entries.length > 0) await relist(to, subject, entries);
  count += entries.length;
  const { algorithm, hex } = parseDigest(subject);
  for (const suffix of ['sig', 'att', 'sbom']) {
    const tag = `${algorithm}-${hex}.${suffix}`;
    const found = await findManifest(from.registry, from.repository, tag);
    if (found === undefined) continue;
    await copyManifest(from, to, found.digest);
    await pushManifest(to.registry, to.repository, tag, found.bytes, found.mediaType);
    count++;
  }
  return count;
}

async function copyManifest(from: Place, to: Place, digest: string): Promise<void> {
  const source: Reference = { domain: from.registry.domain, repository: from.repository, digest };
  await copyImage(fromRegistry(from.registry, source), toRegistry(to.registry, to.repository));
}

/** A registry without the referrers API learns of them by the fallback tag. */
async function relist(to: Place, subject: string, entries: readonly Descriptor[]): Promise<void> {
  const known = await listReferrers(to.registry, to.repository, subject);
  const missing = entries.filter(({ digest }) => !known.some((entry) => entry.digest === digest));
  if (missing.length === 0) return;
  await changeFallback(to, subject, (listed) => [
    ...listed.filter(({ digest }) => !missing.some((entry) => entry.digest === digest)),
    ...missing,
  ]);
}

/** Registries purge what no tag names: the digest that the tag is about to leave is kept by a tag of its own. */
async function keepOld(
  { registry, repository }: Place,
  tag: string,
  next: string,
): Promise<string | undefined> {
  const old: RawManifest | undefined = await findManifest(registry, repository, tag);
  if (old === undefined || old.digest === next) return undefined;
  const kept = keepTag(old.digest);
  await pushManifest(registry, repository, kept, old.bytes, old.mediaType);
  return kept;
}

/** `keep-sha256-…`: short enough for a tag, long enough to be the only one. */
export function keepTag(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `keep-${algorithm}-${hex.slice(0, 64)}`;
}
