// TARGET in; manifest, config and layers out. No layer is read here.
import type { Home } from '../core/index.ts';
import { formatReference, type Platform, parseReference, withDefaultTag } from '../image/index.ts';
import type { HttpClient } from '../net/index.ts';
import { assembleImage, type ImageSource } from './image.ts';
import {
  directoryLayout,
  type Engine,
  engineSockets,
  engineWith,
  exportImage,
  kindOf,
  LocalFault,
  openArchive,
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
import { openArchived, openImageArchive, openLayout, openNamed } from './stored.ts';
import type { ImageTarget, Target } from './target.ts';

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

/** Opens what `target` names. Throws TransportFault, LocalFault, RemoteFault, ImageFault, NetFault. The caller closes what it gets. */
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
      throw new LocalFault('image-not-here', `expected ${rest} in a local engine, got none that has it`, {
        hint: `Pull it into the engine first, or scan registry:${rest}.`,
      });
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
    return { ...target, reference: canonicalName(name) };
  } catch (error) {
    await exported.remove();
    throw error;
  }
}

/** Engines also know images by their ids, which are no references. */
function canonicalName(name: string): string {
  return /^(?:sha256:)?[a-f0-9]{12,64}$/.test(name)
    ? name
    : formatReference(withDefaultTag(parseReference(name)));
}

async function openRoot(root: string): Promise<Target> {
  const found = await kindOf(root);
  if (found === 'directory') return { kind: 'root', root, close: async () => {} };
  throw new LocalFault(
    'target-not-found',
    `expected a directory at ${root}, got ${found ?? 'nothing there'}`,
  );
}

async function openSbom(path: string): Promise<Target> {
  const found = await kindOf(path);
  if (found === 'file') return { kind: 'sbom', path, close: async () => {} };
  throw new LocalFault(
    'target-not-found',
    `expected an SBOM file at ${path}, got ${found ?? 'nothing there'}`,
  );
}

function platformOf({ platform }: OpenOptions): { platform?: Platform } {
  return platform === undefined ? {} : { platform };
}
