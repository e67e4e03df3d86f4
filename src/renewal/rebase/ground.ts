// Proofs on the ground of a rebase: a true prefix, the same platform, layers that may be given on, facts that are whole.
import { baseLayers, formatPlatform } from '../../image/index.ts';
import { familyOf, layerTypeIn } from './media.ts';
import { type Proof, proof } from './proof.ts';
import type { RebaseImage, RebaseInput } from './sides.ts';
import { gapsOf } from './view.ts';

type Documents = Record<'app' | 'oldBase' | 'newBase', RebaseImage>;

export function proveBase({ app, oldBase }: Omit<Documents, 'newBase'>): Proof {
  const { diffIds } = app.config;
  const base = oldBase.config.diffIds;
  if (base.length === 0)
    return proof('base', 'no', 'the base has no layers, so nothing can be told to stand on it');
  if (baseLayers(diffIds, base) === undefined)
    return proof('base', 'no', `the ${base.length} layers of the base are not the lowest of the image`);
  return proof('base', 'yes', `${base.length} of ${diffIds.length} layers are the old base’s, by diffID`);
}

export function provePlatform({ app, oldBase, newBase }: Documents): Proof {
  const [image, old, next] = [app, oldBase, newBase].map(({ config }) => formatPlatform(config.platform));
  if (app.config.platform.os !== 'linux')
    return proof('platform', 'no', `the image is for ${image}: only Linux images are rebased`);
  if (image !== old || image !== next)
    return proof(
      'platform',
      'no',
      `the image is for ${image}, the old base for ${old}, the new one for ${next}`,
    );
  return proof('platform', 'yes', `all are for ${image}`);
}

/** Layers that may not be given on, or whose type the image's own family has no word for. */
export function proveLayers({ app, oldBase, newBase }: Documents): Proof {
  const family = familyOf(app.manifest);
  if (family === undefined)
    return proof('layers', 'no', `${app.manifest.config.mediaType} is no image’s config`);
  for (const [whose, image] of [
    ['the image', app],
    ['the old base', oldBase],
    ['the new base', newBase],
  ] as const) {
    if (image.manifest.layers.length !== image.config.diffIds.length)
      return proof('layers', 'no', `${whose} has not as many layers as diffIDs`);
    for (const { mediaType, urls } of image.manifest.layers)
      if (layerTypeIn(family, mediaType) === undefined || urls !== undefined)
        return proof('layers', 'no', `a layer of ${whose} cannot be given on: ${mediaType}`);
  }
  return proof('layers', 'yes', `every layer can be given on as ${family === 'oci' ? 'OCI' : 'Docker'}’s`);
}

export function proveEvidence({ app, oldBase, newBase }: RebaseInput): Proof {
  const gaps = [
    ...gapsOf(app.upper).map((gap) => `image: ${gap}`),
    ...oldBase.view.gaps.map((gap) => `old base: ${gap}`),
    ...newBase.view.gaps.map((gap) => `new base: ${gap}`),
  ];
  const expected = app.config.diffIds.slice(oldBase.config.diffIds.length);
  const isWhole =
    app.upper.length === expected.length &&
    app.upper.every(({ diffId }, at) => diffId === expected[at]) &&
    [oldBase, newBase].every(
      ({ view, config }) =>
        view.layers.length === config.diffIds.length &&
        view.layers.every(({ diffId }, at) => diffId === config.diffIds[at]),
    );
  if (!isWhole) gaps.push('the facts are those of other layers');
  return gaps.length > 0
    ? proof('evidence', 'unknown', 'not everything in the layers could be read', gaps)
    : proof('evidence', 'yes', 'every layer was read to its end');
}

/** What documents alone can show to be in the way: no layer is read for an image that cannot be rebased anyway. */
export function hindrances(images: Documents): Proof[] {
  const proofs = [proveBase(images), provePlatform(images), proveLayers(images)];
  const first = proofs.findIndex(({ holds }) => holds !== 'yes');
  return first < 0 ? [] : proofs.slice(0, first + 1);
}
