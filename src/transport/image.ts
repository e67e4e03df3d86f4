// From the manifest a name stands for to the image of one platform, wherever the documents come from.
import {
  bestPlatform,
  checkDigest,
  type Descriptor,
  formatPlatform,
  hostPlatform,
  type ImageManifest,
  type Manifest,
  mediaTypes,
  type Platform,
  parseConfig,
  platformDistance,
} from '../image/index.ts';
import { TransportFault } from './fault.ts';
import type { ImageOrigin, ImageTarget, LayerSource } from './target.ts';

/** Where an image's documents and layers come from. */
export interface ImageSource {
  /** A manifest whose bytes have the descriptor's digest. */
  manifest(descriptor: Descriptor): Promise<Manifest>;
  /** The bytes of the config, not yet checked. */
  config(descriptor: Descriptor): Promise<Buffer>;
  layer(descriptor: Descriptor, at: number): Promise<LayerSource>;
  close(): Promise<void>;
}

export interface ImageRoot {
  from: ImageOrigin;
  reference: string;
  manifest: Manifest;
  digest?: string;
  /** Asked for by name: an image for another platform is then a fault. */
  platform?: Platform;
}

const deepestIndex = 4;
const configTypes: ReadonlySet<string> = new Set([mediaTypes.ociConfig, mediaTypes.dockerConfig]);

/** Throws TransportFault `platform-missing`, `not-an-image`; ImageFault. */
export async function assembleImage(source: ImageSource, root: ImageRoot): Promise<ImageTarget> {
  const { manifest, digest } = await chooseManifest(source, root);
  if (!configTypes.has(manifest.config.mediaType))
    throw new TransportFault(
      'not-an-image',
      `expected ${root.reference} to be an image, got an artifact (${(manifest.artifactType ?? manifest.config.mediaType).slice(0, 200)})`,
    );
  const bytes = await source.config(manifest.config);
  checkDigest(bytes, manifest.config.digest, 'the config');
  const config = parseConfig(bytes);
  if (config.diffIds.length !== manifest.layers.length)
    throw new TransportFault(
      'not-an-image',
      `expected ${config.diffIds.length} layers as the config says, got ${manifest.layers.length}`,
    );
  if (root.platform !== undefined && platformDistance(root.platform, config.platform) === undefined)
    throw missing(root, root.platform, [config.platform]);
  const layers = await Promise.all(
    manifest.layers.map(async (layer, at) => ({
      digest: layer.digest,
      mediaType: layer.mediaType,
      size: layer.size,
      source: await source.layer(layer, at),
    })),
  );
  return {
    kind: 'image',
    from: root.from,
    reference: root.reference,
    ...(digest === undefined ? {} : { digest }),
    ...(root.manifest.kind === 'index' && root.digest !== undefined ? { indexDigest: root.digest } : {}),
    platform: config.platform,
    manifest,
    config,
    configDigest: manifest.config.digest,
    layers,
    annotations: manifest.annotations,
    close: () => source.close(),
  };
}

/** Down through indexes to the manifest for the platform: the one asked for, else the host's. */
async function chooseManifest(
  source: ImageSource,
  root: ImageRoot,
): Promise<{ manifest: ImageManifest; digest: string | undefined }> {
  let manifest = root.manifest;
  let digest = root.digest;
  for (let depth = 0; manifest.kind === 'index'; depth++) {
    if (depth >= deepestIndex)
      throw new TransportFault('not-an-image', `expected an image within ${deepestIndex} indexes, got more`);
    const wanted = root.platform ?? hostPlatform();
    const entries = manifest.manifests.filter((entry) => !isAttestation(entry));
    const found = bestPlatform(wanted, entries) ?? onlyUnlabelled(entries);
    if (found === undefined)
      throw missing(
        root,
        wanted,
        entries.flatMap(({ platform }) => platform ?? []),
      );
    manifest = await source.manifest(found);
    digest = found.digest;
  }
  return { manifest, digest };
}

/** BuildKit hangs attestations into the index beside the images, for the platform unknown/unknown. */
function isAttestation({ platform, annotations }: Descriptor): boolean {
  return platform?.os === 'unknown' || annotations?.['vnd.docker.reference.type'] !== undefined;
}

/** An index with one entry that names no platform: the config will say what it is for. */
function onlyUnlabelled(entries: readonly Descriptor[]): Descriptor | undefined {
  return entries.length === 1 && entries[0]?.platform === undefined ? entries[0] : undefined;
}

function missing(root: ImageRoot, wanted: Platform, there: readonly Platform[]): TransportFault {
  const names = [...new Set(there.map(formatPlatform))].slice(0, 30).join(', ') || 'no platform';
  return new TransportFault(
    'platform-missing',
    `expected ${root.reference} for ${formatPlatform(wanted)}, got it for ${names}`,
    {
      hint:
        there[0] === undefined
          ? 'Name an image that is for a platform.'
          : `Choose one with --platform, for example --platform ${formatPlatform(there[0])}.`,
    },
  );
}
