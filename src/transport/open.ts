// TARGET in; manifest, config and layers out. No layer is read here.
import { stat } from 'node:fs/promises';
import type { Home } from '../core/index.ts';
import {
  type Descriptor,
  formatReference,
  type Platform,
  parseReference,
  withDefaultTag,
} from '../image/index.ts';
import type { HttpClient } from '../net/index.ts';
import { TransportFault } from './fault.ts';
import { assembleImage, type ImageSource } from './image.ts';
import {
  chooseEntry,
  chooseSaved,
  directoryLayout,
  type Engine,
  engineSockets,
  engineWith,
  exportImage,
  findBlob,
  isLayout,
  isSaved,
  type Layout,
  openArchive,
  openSaved,
  readIndex,
  readManifest,
  readPlace,
  readSavedImages,
} from './local/index.ts';
import { recogniseTarget } from './recognise.ts';
import {
  fetchBlob,
  fetchManifest,
  machineCredentials,
  openRegistry,
  type RegistryOptions,
  streamBlob,
} from './remote/index.ts';
import { isSbomFile } from './sbom.ts';
import type { ImageOrigin, ImageTarget, Target } from './target.ts';

/** `credentials`: the machine's when left out. */
export interface OpenOptions extends Omit<RegistryOptions, 'http'> {
  http: HttpClient;
  home: Home;
  /** `--platform`; the host's when left out. */
  platform?: Platform;
  /** Where credentials, Azure identities and engines are looked for. */
  env?: NodeJS.ProcessEnv;
  /** Engines to ask; the machine's own when left out. */
  engines?: readonly Engine[];
}

/** Opens what `target` names. Throws TransportFault, ImageFault, NetFault. The caller closes what it gets. */
export async function openTarget(target: string, options: OpenOptions): Promise<Target> {
  const { kind, rest } = await recogniseTarget(target);
  switch (kind) {
    case 'name':
      return (await openFromEngine(rest, options)) ?? openFromRegistry(rest, options);
    case 'registry':
      return openFromRegistry(rest, options);
    case 'docker': {
      const found = await openFromEngine(rest, options);
      if (found !== undefined) return found;
      throw new TransportFault(
        'image-not-found',
        `expected ${rest} in a local engine, got none that has it`,
        {
          hint: `Pull it into the engine first, or scan registry:${rest}.`,
        },
      );
    }
    case 'oci':
      return openNamed(rest, (path, name) =>
        openLayout(directoryLayout(path), name, 'oci', options, async () => {}),
      );
    case 'oci-archive':
    case 'docker-archive':
      return openNamed(rest, (path, name) => openImageArchive(path, name, kind, options));
    case 'dir':
      return openRoot(rest);
    case 'sbom':
      return openSbom(rest);
    case 'file':
      return (await isSbomFile(rest))
        ? openSbom(rest)
        : openImageArchive(rest, undefined, undefined, options);
  }
}

async function openFromRegistry(name: string, options: OpenOptions): Promise<ImageTarget> {
  const reference = withDefaultTag(parseReference(name));
  const { repository } = reference;
  const credentials =
    options.credentials ?? machineCredentials({ http: options.http, env: options.env ?? process.env });
  const registry = openRegistry(reference.domain, { ...options, credentials });
  const fetched = await fetchManifest(registry, repository, reference.digest ?? (reference.tag as string));
  const source: ImageSource = {
    manifest: async ({ digest }) => (await fetchManifest(registry, repository, digest)).manifest,
    config: (descriptor) => fetchBlob(registry, repository, descriptor),
    layer: async (descriptor) => ({
      kind: 'stream',
      open: (signal) =>
        streamBlob(registry, repository, descriptor, {
          check: false,
          ...(signal === undefined ? {} : { signal }),
        }),
    }),
    close: async () => {},
  };
  return assembleImage(source, {
    from: 'registry',
    reference: formatReference(reference),
    manifest: fetched.manifest,
    digest: fetched.digest,
    ...platformOf(options),
  });
}

async function openFromEngine(name: string, options: OpenOptions): Promise<ImageTarget | undefined> {
  const engines = options.engines ?? engineSockets(options.env ?? process.env);
  const engine = await engineWith(engines, name, options.http);
  if (engine === undefined) return undefined;
  const exported = await exportImage(engine, name, options.http, options.home);
  try {
    const archive = await openArchive(exported.path, options.home);
    const target = await openArchived(archive.layout, undefined, 'docker', options, exported.remove);
    return { ...target, reference: formatReference(withDefaultTag(parseReference(name))) };
  } catch (error) {
    await exported.remove();
    throw error;
  }
}

async function openImageArchive(
  path: string,
  name: string | undefined,
  from: 'oci-archive' | 'docker-archive' | undefined,
  options: OpenOptions,
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
async function openArchived(
  layout: Layout,
  name: string | undefined,
  from: ImageOrigin | undefined,
  options: OpenOptions,
  close: () => Promise<void>,
): Promise<ImageTarget> {
  if (await isLayout(layout)) return openLayout(layout, name, from ?? 'oci-archive', options, close);
  if (from !== 'oci-archive' && (await isSaved(layout)))
    return openSavedImage(layout, name, from ?? 'docker-archive', options, close);
  throw new TransportFault(
    'archive-invalid',
    `expected an image in ${layout.name}, got an archive without index.json or manifest.json`,
    {
      hint: 'Save an image with docker save, podman save or skopeo copy; unpack a root file system and scan it with dir:.',
    },
  );
}

async function openLayout(
  layout: Layout,
  name: string | undefined,
  from: ImageOrigin,
  options: OpenOptions,
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
  return assembleImage(source, { from, reference, manifest, digest: entry.digest, ...platformOf(options) });
}

async function openSavedImage(
  layout: Layout,
  name: string | undefined,
  from: ImageOrigin,
  options: OpenOptions,
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
    ...platformOf(options),
  });
}

/** `PATH[:TAG]` or `PATH[@DIGEST]`; a path that exists with the colon in it is that path. */
async function openNamed<T>(
  rest: string,
  open: (path: string, name: string | undefined) => Promise<T>,
): Promise<T> {
  const match = /^(.+?)(?:@(sha(?:256|512):[a-f0-9]+)|:(\w[\w.-]{0,127}))$/.exec(rest);
  if (match === null || (await stat(rest).catch(() => undefined)) !== undefined) return open(rest, undefined);
  return open(match[1] as string, match[2] ?? match[3]);
}

async function openRoot(root: string): Promise<Target> {
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory()) return { kind: 'root', root, close: async () => {} };
  throw new TransportFault(
    'target-not-found',
    `expected a directory at ${root}, got ${found === undefined ? 'nothing there' : 'a file'}`,
  );
}

async function openSbom(path: string): Promise<Target> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return { kind: 'sbom', path, close: async () => {} };
  throw new TransportFault(
    'target-not-found',
    `expected an SBOM file at ${path}, got ${found === undefined ? 'nothing there' : 'a directory'}`,
  );
}

function platformOf({ platform }: OpenOptions): { platform?: Platform } {
  return platform === undefined ? {} : { platform };
}
