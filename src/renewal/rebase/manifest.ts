// The manifest and the index of a rebased image: the family, the annotations and everything unknown stay.
import {
  type Descriptor,
  digestOf,
  type ImageIndex,
  type JsonObject,
  mediaTypes,
} from '../../image/index.ts';
import { RebaseFault } from './fault.ts';
import { familyOf, layerTypeIn } from './media.ts';
import { type BaseNames, renamedAnnotations } from './names.ts';
import type { RebaseImage } from './sides.ts';

export interface RebasedManifest {
  bytes: Buffer;
  digest: string;
  mediaType: string;
  /** Of the new base's layers, as the base's repository has them. */
  below: Descriptor[];
  /** Of the image's own. */
  above: Descriptor[];
}

/** The same input gives the same bytes. Throws RebaseFault `rebase-unsupported` for layers that may not be given on. */
export function rebaseManifest(
  app: RebaseImage,
  oldBase: RebaseImage,
  newBase: RebaseImage,
  config: { digest: string; bytes: Uint8Array },
  names: BaseNames,
): RebasedManifest {
  const family = familyOf(app.manifest);
  const below = newBase.manifest.layers;
  const skipped = oldBase.config.diffIds.length;
  const document = app.manifestDocument;
  const own = (document['layers'] as JsonObject[]).slice(skipped);
  const layers = [
    ...below.map((layer) => {
      const mediaType = family && layerTypeIn(family, layer.mediaType);
      if (mediaType === undefined || layer.urls !== undefined)
        throw new RebaseFault(
          'rebase-unsupported',
          `expected layers that may be given on, got one of ${layer.mediaType}`,
        );
      const { digest, size, annotations } = layer;
      return { mediaType, digest, size, ...(annotations === undefined ? {} : { annotations }) };
    }),
    ...own,
  ];
  const annotations = renamedAnnotations(document['annotations'], names, family === 'oci');
  const made = {
    ...document,
    config: { ...(document['config'] as JsonObject), digest: config.digest, size: config.bytes.byteLength },
    layers,
    ...(annotations === undefined ? {} : { annotations }),
  };
  const bytes = Buffer.from(JSON.stringify(made));
  return {
    bytes,
    digest: digestOf(bytes),
    mediaType: app.manifest.mediaType,
    below,
    above: app.manifest.layers.slice(skipped),
  };
}

export interface RebasedPlatform {
  oldDigest: string;
  digest: string;
  /** Bytes of its manifest. */
  size: number;
}

/**
 * The index again, over the rebased manifests in their old order. Entries that were not rebased (attestations about
 * the old manifests) are left out: they would speak of images that are no longer here.
 */
export function rebaseIndex(
  index: { manifest: ImageIndex; document: JsonObject },
  platforms: readonly RebasedPlatform[],
  names: BaseNames,
): { bytes: Buffer; digest: string; mediaType: string } {
  const made = new Map(platforms.map((platform) => [platform.oldDigest, platform]));
  const manifests = (index.document['manifests'] as JsonObject[]).flatMap((entry) => {
    const now = made.get(String(entry['digest']));
    return now === undefined ? [] : [{ ...entry, digest: now.digest, size: now.size }];
  });
  const isOci = index.manifest.mediaType === mediaTypes.ociIndex;
  const annotations = renamedAnnotations(index.document['annotations'], names, false);
  const bytes = Buffer.from(
    JSON.stringify({
      ...index.document,
      manifests,
      ...(isOci && annotations !== undefined ? { annotations } : {}),
    }),
  );
  return { bytes, digest: digestOf(bytes), mediaType: index.manifest.mediaType };
}
