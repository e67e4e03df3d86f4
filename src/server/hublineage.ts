// What an image stands on, found out when it is looked into: its manifests kept, its claims met, its layers compared.
import { isFault } from '../core/index.ts';
import { formatReference, parseConfig, parseReference } from '../image/index.ts';
import {
  basesUnder,
  claimsOf,
  type LineageTables,
  lineageOf,
  provenanceOf,
  recordBase,
  recordSighting,
} from '../lineage/index.ts';
import { fetchBlob } from '../transport/index.ts';
import { platformsOf, type ResolvedImage, resolveDigest } from '../trust/index.ts';
import type { HubParts } from './hubparts.ts';

interface Document {
  digest: string;
  manifest: Buffer;
  config: Buffer;
  annotations: Record<string, string>;
}

/** Gives the bases that are to be watched from now on, `HOST/REPOSITORY:TAG`. Rejects with Faults of the registry. */
export async function recordLineage(
  parts: HubParts,
  reference: string,
  image: ResolvedImage,
  isBase: boolean,
): Promise<string[]> {
  const { domain, repository, tag = 'latest' } = parseReference(reference);
  const name = `${domain}/${repository}`;
  const platforms = await documentsOf(image);
  await sight(parts, image, { name, tag, isBase, platforms });
  const bases = new Set<string>();
  for (const one of platforms) {
    const config = parseConfig(one.config);
    const sources = {
      annotations: { ...(image.manifest.annotations ?? {}), ...one.annotations },
      labels: config.labels,
      provenance: (await provenanceOf(image, one.digest)).predicates,
    };
    const claims = claimsOf(sources);
    const claimed = [
      ...new Set(claims.flatMap((claim) => (claim.reference === undefined ? [] : [claim.reference]))),
    ];
    for (const base of claimed) await meet(parts, base);
    for (const { reference: base, digest } of claims.slice(0, mostClaims))
      if (base !== undefined && digest !== undefined) await meetPast(parts, base, digest);
    const book = parts.ledger.read<LineageTables>();
    const seen = await basesUnder(book, {
      diffIds: config.diffIds,
      references: claimed,
      digests: claims.flatMap(({ digest }) => (digest === undefined ? [] : [digest])),
    });
    const lineage = lineageOf(
      { digest: one.digest, repository: name, diffIds: config.diffIds, ...sources },
      seen,
    );
    await parts.ledger.write<LineageTables, void>((write) => recordBase(write, one.digest, lineage));
    if (lineage.kind === 'base') {
      const named = lineage.named ?? lineage.references.find((base) => !base.includes('@'));
      if (named !== undefined) bases.add(named);
    }
    if (lineage.kind === 'ambiguous')
      parts.log.info(
        { reference, candidates: lineage.candidates.map(({ references }) => references[0]) },
        'several bases fit, and nothing tells them apart',
      );
  }
  bases.delete(formatReference({ domain, repository, tag }));
  return [...bases];
}

/** A base that an image names and nobody has seen: looked at once, so that layers can prove or disprove it. */
async function meet(parts: HubParts, reference: string): Promise<void> {
  const { domain, repository, tag, digest } = parseReference(reference);
  if (tag === undefined && digest !== undefined) return;
  const name = `${domain}/${repository}`;
  const known = await parts.ledger
    .read<LineageTables>()
    .selectFrom('lineage_tags')
    .select('digest')
    .where('repository', '=', name)
    .where('tag', '=', tag ?? 'latest')
    .executeTakeFirst();
  if (known !== undefined) return;
  try {
    const image = await parts.resolve(reference);
    await sight(parts, image, {
      name,
      tag: tag ?? 'latest',
      isBase: true,
      platforms: await documentsOf(image),
    });
  } catch (error) {
    if (!isFault(error)) throw error;
    parts.log.info({ reference, error }, 'a base that an image names could not be read');
  }
}

/** Images of one claim each that are looked at. */
const mostClaims = 20;

/** The very digest that an image says it was built on, where its tag has moved on since. */
async function meetPast(parts: HubParts, reference: string, digest: string): Promise<void> {
  const { domain, repository, tag = 'latest' } = parseReference(reference);
  const known = await basesUnder(parts.ledger.read<LineageTables>(), { diffIds: [], digests: [digest] });
  if (known.length > 0) return;
  try {
    const image = await parts.resolve(reference, digest);
    const platforms = await documentsOf(image);
    await sight(parts, image, {
      name: `${domain}/${repository}`,
      tag,
      isBase: true,
      isPast: true,
      platforms,
    });
  } catch (error) {
    if (!isFault(error)) throw error;
    parts.log.info({ reference, digest, error }, 'a base that an image names could not be read');
  }
}

async function sight(
  parts: HubParts,
  image: ResolvedImage,
  seen: { name: string; tag: string; isBase: boolean; isPast?: boolean; platforms: Document[] },
): Promise<void> {
  await parts.ledger.write<LineageTables, void>((write) =>
    recordSighting(
      write,
      {
        repository: seen.name,
        tag: seen.tag,
        digest: image.digest,
        ...(image.manifest.kind === 'index' ? { index: image.bytes } : {}),
        platforms: seen.platforms,
        isBase: seen.isBase,
        ...(seen.isPast === undefined ? {} : { isPast: seen.isPast }),
      },
      parts.clock.now().getTime(),
    ),
  );
}

async function documentsOf(image: ResolvedImage): Promise<Document[]> {
  const found: Document[] = [];
  for (const { digest } of platformsOf(image)) {
    const one = await resolveDigest(image, digest);
    if (one.manifest.kind !== 'manifest') continue;
    const config = await fetchBlob(one.place.registry, one.place.repository, one.manifest.config);
    found.push({ digest, manifest: one.bytes, config, annotations: one.manifest.annotations });
  }
  return found;
}
