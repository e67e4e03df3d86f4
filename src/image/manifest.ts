// Image manifests and indexes, OCI and Docker schema 2, read from bytes that nobody vouches for.
import { defaultLimits, type Limits, parseJson } from '../core/index.ts';
import { parseDigest } from './digest.ts';
import { ImageFault } from './fault.ts';
import type { Platform } from './platform.ts';
import { type JsonObject, shapeOf } from './shape.ts';

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  layerTar: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
} as const;

/** What a client says it understands, in the order it would like it. */
export const manifestMediaTypes: readonly string[] = [
  mediaTypes.ociIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerList,
  mediaTypes.dockerManifest,
];

export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes. */
  size: number;
  annotations?: Record<string, string>;
  artifactType?: string;
  platform?: Platform;
  urls?: string[];
}

interface ManifestBase {
  mediaType: string;
  artifactType?: string;
  /** The manifest this one is about (referrers). */
  subject?: Descriptor;
  annotations: Record<string, string>;
}

export interface ImageManifest extends ManifestBase {
  kind: 'manifest';
  config: Descriptor;
  layers: Descriptor[];
}

export interface ImageIndex extends ManifestBase {
  kind: 'index';
  manifests: Descriptor[];
}

export type Manifest = ImageManifest | ImageIndex;

const manifestTypes: ReadonlySet<string> = new Set([mediaTypes.ociManifest, mediaTypes.dockerManifest]);
const indexTypes: ReadonlySet<string> = new Set([mediaTypes.ociIndex, mediaTypes.dockerList]);
const annotationsLimit = 10_000;
const shape = shapeOf('manifest-invalid');

/**
 * Parses a manifest or index (image-spec manifest.md, image-index.md; Docker schema 2). `contentType` is what
 * the transport said it is: where it and the body name different kinds the bytes are refused, because two
 * readers could take them for two different images (image-spec "mediaType" and CVE-2021-41190).
 * Throws ImageFault.
 */
export function parseManifest(
  bytes: Uint8Array,
  contentType?: string,
  limits: Limits = defaultLimits,
): Manifest {
  const document = readDocument(bytes, limits);
  refuseSchema1(document, contentType);
  const mediaType = agreedMediaType(document, contentType);
  const base: ManifestBase = {
    mediaType,
    annotations: shape.textMap(document['annotations'], 'annotations', annotationsLimit),
  };
  const artifactType = shape.optionalText(document['artifactType'], 'artifactType');
  if (artifactType !== undefined && artifactType !== '') base.artifactType = artifactType;
  if (document['subject'] !== undefined && document['subject'] !== null)
    base.subject = parseDescriptor(document['subject'], 'subject');
  if (indexTypes.has(mediaType))
    return {
      kind: 'index',
      ...base,
      manifests: descriptors(document['manifests'], 'manifests', limits.layers * 8),
    };
  return {
    kind: 'manifest',
    ...base,
    config: parseDescriptor(document['config'], 'config'),
    layers: descriptors(document['layers'], 'layers', limits.layers),
  };
}

function readDocument(bytes: Uint8Array, limits: Limits): JsonObject {
  if (bytes.byteLength > limits.manifestBytes)
    throw new ImageFault(
      'manifest-too-large',
      `expected a manifest of at most ${limits.manifestBytes} bytes, got ${bytes.byteLength}`,
    );
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return shape.object(parseJson(text), 'the manifest');
  } catch (cause) {
    if (cause instanceof ImageFault) throw cause;
    throw new ImageFault('manifest-invalid', `expected a JSON manifest, got: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function refuseSchema1(document: JsonObject, contentType: string | undefined): void {
  if (
    document['schemaVersion'] === 1 ||
    contentType?.startsWith('application/vnd.docker.distribution.manifest.v1')
  )
    throw new ImageFault(
      'manifest-schema1',
      'expected an OCI or Docker schema 2 manifest, got Docker schema 1',
      {
        hint: 'Schema 1 cannot be verified by digest; push the image again with a current client.',
      },
    );
  if (document['schemaVersion'] !== 2)
    throw new ImageFault(
      'manifest-invalid',
      `expected schemaVersion 2, got ${JSON.stringify(document['schemaVersion'])}`,
    );
}

/** The media type that header, body and the fields present all agree on. */
function agreedMediaType(document: JsonObject, contentType: string | undefined): string {
  const hasManifests = document['manifests'] !== undefined;
  const hasImage =
    document['layers'] !== undefined ||
    document['config'] !== undefined ||
    document['fsLayers'] !== undefined;
  if (hasManifests && hasImage)
    throw new ImageFault(
      'media-type-mismatch',
      'expected a manifest or an index, got one document with the fields of both',
    );
  const said = essence(contentType);
  const own = shape.optionalText(document['mediaType'], 'mediaType');
  if (own !== undefined && own !== '' && !isManifestType(own))
    throw new ImageFault(
      'media-type-unknown',
      `expected a manifest media type, got ${JSON.stringify(own.slice(0, 120))}`,
    );
  if (own && said !== undefined && isManifestType(said) && said !== own)
    throw new ImageFault(
      'media-type-mismatch',
      `expected the body to be ${said} as its transport says, got ${own}`,
    );
  const agreed = own || (said !== undefined && isManifestType(said) ? said : undefined);
  const mediaType = agreed ?? (hasManifests ? mediaTypes.ociIndex : mediaTypes.ociManifest);
  if (indexTypes.has(mediaType) !== hasManifests)
    throw new ImageFault(
      'media-type-mismatch',
      `expected the fields of ${mediaType}, got those of ${hasManifests ? 'an index' : 'a manifest'}`,
    );
  return mediaType;
}

export function isManifestType(mediaType: string): boolean {
  return manifestTypes.has(mediaType) || indexTypes.has(mediaType);
}

function essence(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

function descriptors(value: unknown, path: string, limit: number): Descriptor[] {
  return shape.list(value, path, limit).map((item, at) => parseDescriptor(item, `${path}[${at}]`));
}

/** One content descriptor (image-spec descriptor.md). Throws ImageFault `manifest-invalid`. */
export function parseDescriptor(value: unknown, path = 'descriptor'): Descriptor {
  const object = shape.object(value, path);
  const descriptor: Descriptor = {
    mediaType: shape.text(object['mediaType'], `${path}.mediaType`),
    digest: checkedDigest(shape.text(object['digest'], `${path}.digest`), path),
    size: shape.size(object['size'], `${path}.size`),
  };
  if (object['annotations'] !== undefined && object['annotations'] !== null)
    descriptor.annotations = shape.textMap(object['annotations'], `${path}.annotations`, annotationsLimit);
  const artifactType = shape.optionalText(object['artifactType'], `${path}.artifactType`);
  if (artifactType) descriptor.artifactType = artifactType;
  if (object['platform'] !== undefined && object['platform'] !== null)
    descriptor.platform = parsePlatformObject(object['platform'], `${path}.platform`);
  const urls = shape.texts(object['urls'], `${path}.urls`, 100);
  if (urls.length > 0) descriptor.urls = urls;
  return descriptor;
}

function checkedDigest(text: string, path: string): string {
  try {
    parseDigest(text);
    return text;
  } catch (cause) {
    throw new ImageFault('manifest-invalid', `${path}.digest: ${(cause as Error).message}`, { cause });
  }
}

function parsePlatformObject(value: unknown, path: string): Platform {
  const object = shape.object(value, path);
  const platform: Platform = {
    os: shape.optionalText(object['os'], `${path}.os`) ?? '',
    architecture: shape.optionalText(object['architecture'], `${path}.architecture`) ?? '',
  };
  const variant = shape.optionalText(object['variant'], `${path}.variant`);
  if (variant) platform.variant = variant;
  const osVersion = shape.optionalText(object['os.version'], `${path}.os.version`);
  if (osVersion) platform.osVersion = osVersion;
  return platform;
}
