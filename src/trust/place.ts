// Where an image lives, and what its name stands for: resolved once, everything after that goes by the digest.
import {
  formatPlatform,
  formatReference,
  type Manifest,
  normalizePlatform,
  parseReference,
  type Reference,
  withDefaultTag,
} from '../image/index.ts';
import {
  type Credentials,
  fetchManifest,
  machineCredentials,
  openRegistry,
  type RegistryOptions,
} from '../transport/index.ts';
import type { Place } from './gather.ts';

export interface PlaceOptions extends RegistryOptions {
  env?: NodeJS.ProcessEnv;
  credentials?: Credentials;
}

/** The registry and repository of a reference; makes no request. Throws ImageFault. */
export function openPlace(reference: Reference, options: PlaceOptions): Place {
  const credentials =
    options.credentials ?? machineCredentials({ http: options.http, env: options.env ?? process.env });
  return {
    registry: openRegistry(reference.domain, { ...options, credentials }),
    repository: reference.repository,
  };
}

/** An image whose name was resolved. */
export interface ResolvedImage {
  reference: Reference;
  given: 'tag' | 'digest';
  place: Place;
  digest: string;
  mediaType: string;
  /** Bytes of the manifest or index. */
  bytes: Buffer;
  manifest: Manifest;
}

/** One request. Throws RemoteFault, ImageFault, NetFault. */
export async function resolveImage(name: string | Reference, options: PlaceOptions): Promise<ResolvedImage> {
  const reference = withDefaultTag(typeof name === 'string' ? parseReference(name) : name);
  const place = openPlace(reference, options);
  const fetched = await fetchManifest(place.registry, place.repository, reference.digest ?? reference.tag!);
  const { digest, mediaType, bytes, manifest } = fetched;
  return {
    reference,
    given: reference.digest === undefined ? 'tag' : 'digest',
    place,
    digest,
    mediaType,
    bytes,
    manifest,
  };
}

/** A manifest that is named by its digest, in the same repository. */
export async function resolveDigest(image: ResolvedImage, digest: string): Promise<ResolvedImage> {
  if (digest === image.digest) return image;
  const { place, reference } = image;
  const fetched = await fetchManifest(place.registry, place.repository, digest);
  const { mediaType, bytes, manifest } = fetched;
  return {
    reference: { domain: reference.domain, repository: reference.repository, digest },
    given: 'digest',
    place,
    digest,
    mediaType,
    bytes,
    manifest,
  };
}

export interface PlatformEntry {
  digest: string;
  /** `linux/amd64`; undefined for an image that is not in an index. */
  platform?: string;
}

/** The images of an index, without attestations that builders hide among them; the image itself where it is one. */
export function platformsOf({
  manifest,
  digest,
}: Pick<ResolvedImage, 'manifest' | 'digest'>): PlatformEntry[] {
  if (manifest.kind === 'manifest') return [{ digest }];
  return manifest.manifests.flatMap(({ digest: child, platform, annotations }) => {
    const hidden = annotations?.['vnd.docker.reference.type'] !== undefined;
    if (hidden || platform?.os === 'unknown') return [];
    return [
      {
        digest: child,
        ...(platform === undefined ? {} : { platform: formatPlatform(normalizePlatform(platform)) }),
      },
    ];
  });
}

/** `HOST/REPOSITORY@DIGEST`. */
export function pinned(image: ResolvedImage, digest = image.digest): string {
  const { domain, repository } = image.reference;
  return formatReference({ domain, repository, digest });
}
