// Images that lie on this machine: in a layout, an archive of one, or what `docker save` wrote before.
import type { Home } from '../core/index.ts';
import type { Descriptor, Platform } from '../image/index.ts';
import { assembleImage, type ImageSource } from './image.ts';
import {
  chooseEntry,
  chooseSaved,
  findBlob,
  isLayout,
  isSaved,
  kindOf,
  type Layout,
  LocalFault,
  openArchive,
  openSaved,
  readIndex,
  readManifest,
  readPlace,
  readSavedImages,
} from './local/index.ts';
import type { ImageOrigin, ImageTarget } from './target.ts';

export interface StoredOptions {
  home: Home;
  platform?: Platform;
}

/** `PATH[:TAG]` or `PATH[@DIGEST]`; a path that exists with the colon in it is that path. */
export async function openNamed<T>(
  rest: string,
  open: (path: string, name: string | undefined) => Promise<T>,
): Promise<T> {
  const match = /^(.+?)(?:@(sha(?:256|512):[a-f0-9]+)|:(\w[\w.-]{0,127}))$/.exec(rest);
  if (match === null || (await kindOf(rest)) !== undefined) return open(rest, undefined);
  return open(match[1] as string, match[2] ?? match[3]);
}

export async function openImageArchive(
  path: string,
  name: string | undefined,
  from: 'oci-archive' | 'docker-archive' | undefined,
  options: StoredOptions,
): Promise<ImageTarget> {
  const archive = await openArchive(path, options.home);
  try {
    return await openArchived(archive.layout, name, from, options, archive.close);
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** Newer `docker save` writes an image layout with a manifest.json beside it; the layout says more. */
export async function openArchived(
  layout: Layout,
  name: string | undefined,
  from: ImageOrigin | undefined,
  options: StoredOptions,
  close: () => Promise<void>,
): Promise<ImageTarget> {
  if (await isLayout(layout)) return openLayout(layout, name, from ?? 'oci-archive', options, close);
  if (from !== 'oci-archive' && (await isSaved(layout)))
    return openSavedImage(layout, name, from ?? 'docker-archive', options, close);
  throw new LocalFault(
    'archive-invalid',
    `expected an image in ${layout.name}, got an archive without index.json or manifest.json`,
    {
      hint: 'Save an image with docker save, podman save or skopeo copy; unpack a root file system and scan it with dir:.',
    },
  );
}

export async function openLayout(
  layout: Layout,
  name: string | undefined,
  from: ImageOrigin,
  options: StoredOptions,
  close: () => Promise<void>,
): Promise<ImageTarget> {
  const entry = chooseEntry(await readIndex(layout), name, layout.name);
  const { manifest } = await readManifest(layout, entry);
  const source: ImageSource = {
    manifest: async (descriptor) => (await readManifest(layout, descriptor)).manifest,
    config: async ({ digest, size }) => readPlace(await findBlob(layout, digest, size)),
    layer: async ({ digest, size }) => ({ kind: 'file', ...(await findBlob(layout, digest, size)) }),
    close,
  };
  const tag = name ?? entry.annotations?.['org.opencontainers.image.ref.name'];
  const reference = tag === undefined ? layout.name : `${layout.name}:${tag}`;
  return assembleImage(source, {
    from,
    reference,
    manifest,
    digest: entry.digest,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
}

export async function openSavedImage(
  layout: Layout,
  name: string | undefined,
  from: ImageOrigin,
  options: StoredOptions,
  close: () => Promise<void>,
): Promise<ImageTarget> {
  const saved = chooseSaved(await readSavedImages(layout), name, layout.name);
  const { manifest, config, places } = await openSaved(layout, saved);
  const source: ImageSource = {
    manifest: (descriptor: Descriptor) =>
      Promise.reject(new Error(`no index in a saved image: ${descriptor.digest}`)),
    config: async () => config,
    layer: async (_, at) => ({ kind: 'file', ...(places[at] as NonNullable<(typeof places)[number]>) }),
    close,
  };
  return assembleImage(source, {
    from,
    reference: saved.tags[0] ?? layout.name,
    manifest,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
}
