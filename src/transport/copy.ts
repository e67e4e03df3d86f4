// Copies an image by digest: from a layout or a registry to a registry or a layout, with everything under it.
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type Descriptor,
  type Manifest,
  mediaTypes,
  parseDigest,
  type Reference,
  startDigestCheck,
} from '../image/index.ts';
import { TransportFault } from './fault.ts';
import { chooseEntry, directoryLayout, findBlob, readIndex, readManifest } from './local/index.ts';
import { fetchManifest, pushBlob, pushManifest, type Registry, streamBlob } from './remote/index.ts';

export interface RawManifest {
  digest: string;
  mediaType: string;
  bytes: Buffer;
  manifest: Manifest;
}

/** Where an image is copied from. */
export interface CopySource {
  /** The manifest or index that is copied. */
  root(): Promise<RawManifest>;
  manifest(descriptor: Descriptor): Promise<RawManifest>;
  blob(descriptor: Descriptor): Promise<AsyncIterable<Uint8Array>>;
  /** Repository on the registry with that domain, to mount blobs from. */
  mount?: { domain: string; repository: string };
}

export interface CopyDestination {
  blob(
    descriptor: Descriptor,
    open: () => Promise<AsyncIterable<Uint8Array>>,
    mount: CopySource['mount'],
  ): Promise<void>;
  /** `tag` only for the root. */
  manifest(raw: RawManifest, tag: string | undefined): Promise<void>;
}

export interface CopyOptions {
  /** Tag at the destination. */
  tag?: string;
  /** Which manifests of an index are copied; all when left out. A part of an index is pushed without the index. */
  only?(entry: Descriptor): boolean;
}

/** Copies children before what names them, so that a reader never finds half an image. Gives the root's digest. */
export async function copyImage(
  from: CopySource,
  to: CopyDestination,
  options: CopyOptions = {},
): Promise<string> {
  let root = await from.root();
  if (options.only !== undefined && root.manifest.kind === 'index') {
    const chosen = root.manifest.manifests.filter(options.only);
    if (chosen.length !== 1)
      throw new TransportFault('platform-missing', `expected one manifest to copy, got ${chosen.length}`);
    root = await from.manifest(chosen[0] as Descriptor);
  }
  await copyTree(from, to, root, options.tag, 0);
  return root.digest;
}

async function copyTree(
  from: CopySource,
  to: CopyDestination,
  raw: RawManifest,
  tag: string | undefined,
  depth: number,
): Promise<void> {
  if (depth > 4)
    throw new TransportFault('not-an-image', 'expected at most 4 indexes within each other, got more');
  if (raw.manifest.kind === 'index') {
    for (const child of raw.manifest.manifests)
      await copyTree(from, to, await from.manifest(child), undefined, depth + 1);
  } else {
    const blobs = new Map([raw.manifest.config, ...raw.manifest.layers].map((blob) => [blob.digest, blob]));
    for (const blob of blobs.values()) await to.blob(blob, () => from.blob(blob), from.mount);
  }
  await to.manifest(raw, tag);
}

export function fromRegistry(
  registry: Registry,
  { repository, tag, digest }: Pick<Reference, 'repository' | 'tag' | 'digest'>,
): CopySource {
  return {
    mount: { domain: registry.domain, repository },
    root: () => fetchManifest(registry, repository, digest ?? tag ?? 'latest'),
    manifest: (descriptor) => fetchManifest(registry, repository, descriptor.digest),
    blob: (descriptor) => streamBlob(registry, repository, descriptor),
  };
}

export function toRegistry(registry: Registry, repository: string, chunkBytes?: number): CopyDestination {
  return {
    async blob(descriptor, open, mount) {
      const mountFrom =
        mount?.domain === registry.domain && mount.repository !== repository
          ? { mountFrom: mount.repository }
          : {};
      const chunks = chunkBytes === undefined ? {} : { chunkBytes };
      await pushBlob(registry, repository, descriptor, () => opened(open), { ...mountFrom, ...chunks });
    },
    async manifest({ digest, bytes, mediaType }, tag) {
      await pushManifest(registry, repository, tag ?? digest, bytes, mediaType);
    },
  };
}

async function* opened(open: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
  yield* await open();
}

export function fromLayout(root: string, name?: string): CopySource {
  const layout = directoryLayout(root);
  const manifest = async (descriptor: Descriptor): Promise<RawManifest> => {
    const read = await readManifest(layout, descriptor);
    return { ...read, digest: descriptor.digest, mediaType: read.manifest.mediaType };
  };
  return {
    root: async () => manifest(chooseEntry(await readIndex(layout), name, root)),
    manifest,
    async blob({ digest, size }) {
      const place = await findBlob(layout, digest, size);
      return createReadStream(place.path);
    },
  };
}

/** Writes one image into a directory as an image layout. */
export function toLayout(root: string): CopyDestination {
  const pathOf = async (digest: string): Promise<string> => {
    const { algorithm, hex } = parseDigest(digest);
    await mkdir(join(root, 'blobs', algorithm), { recursive: true });
    return join(root, 'blobs', algorithm, hex);
  };
  return {
    async blob({ digest, size }, open) {
      const path = await pathOf(digest);
      const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      try {
        await pipeline(checked(await open(), digest, size), createWriteStream(beside, { flags: 'wx' }));
        await rename(beside, path);
      } finally {
        await rm(beside, { force: true });
      }
    },
    async manifest({ digest, bytes, mediaType }, tag) {
      await writeFile(await pathOf(digest), bytes);
      const annotations =
        tag === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': tag } };
      const index = {
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [{ mediaType, digest, size: bytes.length, ...annotations }],
      };
      await writeFile(join(root, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
      // the root comes last, and names what was written before it
      await writeFile(join(root, 'index.json'), JSON.stringify(index));
    },
  };
}

async function* checked(
  source: AsyncIterable<Uint8Array>,
  digest: string,
  size: number,
): AsyncGenerator<Uint8Array> {
  const check = startDigestCheck(digest, 'the blob', size);
  for await (const chunk of source) {
    check.update(chunk);
    yield chunk;
  }
  check.end();
}
