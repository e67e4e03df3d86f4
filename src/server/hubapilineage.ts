// The lineage of an image by the API: what it stands on and how that is known, and what stands on it.
import { dependentsOf, type FoundBase, type Known, knownOf, type LineageTables } from '../lineage/index.ts';
import { ApiRefusal } from './api/index.ts';
import type { ApiBase, ApiLineage, ApiLineagePlatform } from './contract/index.ts';
import { wholeName } from './hubname.ts';
import type { HubParts } from './hubparts.ts';

const mostDependents = 1000;

/** `image`: by tag, or by a digest that was seen. Throws ApiRefusal for one that nobody looked into. */
export async function lineageAnswer({ ledger }: HubParts, image: string): Promise<ApiLineage> {
  const book = ledger.read<LineageTables>();
  const digest = /@(sha(?:256|512):[0-9a-f]{64,128})$/.exec(image)?.[1];
  const name = wholeName(image);
  const reference = digest === undefined ? name : `${name.replace(/:[^/:]*$/, '')}@${digest}`;
  const known = await knownOf(book, reference);
  if (known.length === 0)
    throw new ApiRefusal(
      404,
      'image-not-found',
      `expected an image that the server has looked into, got ${reference}`,
      'it looks into the tags of watch.images and what they stand on; without a server: seaworthy lineage REF',
    );
  const { images, circle } = await dependentsOf(book, digest === undefined ? { reference } : { digest });
  const current = new Set(known.map(({ platformDigest }) => platformDigest));
  return {
    image: reference,
    platforms: known.map(platformOf),
    dependents: images
      .slice(0, mostDependents)
      .map(({ basePlatformDigest, platformDigest: _, level, ...standing }) => ({
        ...standing,
        level,
        ...(level === 1 ? { isCurrent: current.has(basePlatformDigest) } : {}),
      })),
    more: Math.max(0, images.length - mostDependents),
    circle,
  };
}

function platformOf({ ancestors, lineage, ...known }: Known): ApiLineagePlatform {
  const claims = lineage.claims.map(({ by, reference, digest, state }) => ({
    by,
    state,
    ...(reference === undefined ? {} : { reference }),
    ...(digest === undefined ? {} : { digest }),
  }));
  const bases = ancestors.map(({ references, platformDigest, layers, by }) => ({
    references,
    platformDigest,
    layers,
    by,
  }));
  if (bases.length > 0) return { ...known, state: 'base', bases, candidates: [], claims };
  if (lineage.kind === 'ambiguous')
    return { ...known, state: 'ambiguous', bases, candidates: lineage.candidates.map(baseOf), claims };
  const isLater = lineage.kind === 'base';
  const why = isLater
    ? 'a base whose layers are its lowest was seen later; it is compared when the image is looked into again'
    : lineage.why;
  return { ...known, state: 'unknown', why, bases, candidates: isLater ? [baseOf(lineage)] : [], claims };
}

function baseOf({ references, platformDigest, layers, by }: FoundBase): ApiBase {
  return { references, platformDigest, layers, by };
}
