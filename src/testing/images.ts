// Small images made in memory, as layouts, archives or pushed: what tests open instead of real ones.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Descriptor, digestOf, mediaTypes, type Platform } from '../image/index.ts';

export interface TarFile {
  path: string;
  data?: string | Uint8Array;
  /** tar's type flag; a regular file when left out. */
  type?: string;
  linkname?: string;
  mode?: number;
}

/** A ustar archive with two zero blocks at its end. */
export function makeTar(files: readonly TarFile[]): Buffer {
  const blocks: Buffer[] = [];
  for (const file of files) {
    const data = Buffer.from(file.data ?? '');
    const header = Buffer.alloc(512);
    header.write(file.path, 0, 100);
    header.write((file.mode ?? 0o644).toString(8).padStart(7, '0'), 100);
    header.write('0000000\0' + '0000000\0', 108);
    header.write(`${data.length.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`, 124);
    header.write('        ', 148);
    header.write(file.type ?? '0', 156);
    header.write(file.linkname ?? '', 157, 100);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, data, Buffer.alloc((512 - (data.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export interface MadeImage {
  descriptor: Descriptor;
  bytes: Buffer;
  config: Buffer;
  /** Config and layers, by digest. */
  blobs: Map<string, Buffer>;
  diffIds: string[];
}

export interface MakeImageOptions {
  /** The files of each layer. */
  layers?: readonly (readonly TarFile[])[];
  compression?: 'gzip' | 'zstd' | 'none';
  platform?: Platform;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  /** Laid over the config. */
  config?: Record<string, unknown>;
  /** Laid over the manifest, to make it wrong or an artifact. */
  manifest?: Record<string, unknown>;
}

const layerTypes = { gzip: mediaTypes.layerGzip, zstd: mediaTypes.layerZstd, none: mediaTypes.layerTar };

export function makeImage(options: MakeImageOptions = {}): MadeImage {
  const {
    layers = [[{ path: 'etc/hello', data: 'hello' }]],
    compression = 'gzip',
    platform = { os: 'linux', architecture: 'amd64' },
  } = options;
  const tars = layers.map(makeTar);
  const stored = tars.map((tar) =>
    compression === 'gzip' ? gzipSync(tar) : compression === 'zstd' ? zstdCompressSync(tar) : tar,
  );
  const diffIds = tars.map((tar) => digestOf(tar));
  const config = Buffer.from(
    JSON.stringify({
      os: platform.os,
      architecture: platform.architecture,
      ...(platform.variant === undefined ? {} : { variant: platform.variant }),
      config: { Labels: options.labels ?? {}, Env: ['PATH=/bin'], Cmd: ['/bin/sh'] },
      rootfs: { type: 'layers', diff_ids: diffIds },
      history: diffIds.map((_, at) => ({ created_by: `layer ${at}` })),
      ...options.config,
    }),
  );
  const describe = (mediaType: string, bytes: Buffer): Descriptor => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describe(mediaTypes.ociConfig, config),
      layers: stored.map((layer) => describe(layerTypes[compression], layer)),
      ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
      ...options.manifest,
    }),
  );
  return {
    descriptor: { ...describe(mediaTypes.ociManifest, bytes), platform },
    bytes,
    config,
    blobs: new Map([config, ...stored].map((blob) => [digestOf(blob), blob])),
    diffIds,
  };
}

/** An index over images; what is pushed or laid out under one name for several platforms. */
export function makeIndex(images: readonly MadeImage[]): { bytes: Buffer; descriptor: Descriptor } {
  const manifests = images.map(({ descriptor }) => descriptor);
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }));
  return {
    bytes,
    descriptor: { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length },
  };
}

export interface LayoutEntry {
  tag?: string;
  images: readonly MadeImage[];
}

/** The files of an image layout, path to bytes; several images under one tag become an index. */
export function layoutFiles(entries: readonly LayoutEntry[]): Map<string, Buffer> {
  const files = new Map<string, Buffer>([['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')]]);
  const put = (bytes: Buffer): void => void files.set(`blobs/${digestOf(bytes).replace(':', '/')}`, bytes);
  const manifests = entries.map(({ tag, images }) => {
    for (const image of images) for (const bytes of [image.bytes, ...image.blobs.values()]) put(bytes);
    const index = images.length === 1 ? undefined : makeIndex(images);
    if (index !== undefined) put(index.bytes);
    const descriptor = index?.descriptor ?? (images[0] as MadeImage).descriptor;
    return {
      ...descriptor,
      ...(tag === undefined ? {} : { annotations: { 'org.opencontainers.image.ref.name': tag } }),
    };
  });
  files.set('index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
  return files;
}

export function writeLayout(root: string, entries: readonly LayoutEntry[]): void {
  for (const [path, bytes] of layoutFiles(entries)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
}

/** What `docker save` wrote before image layouts. */
export function savedFiles(image: MadeImage, tags: readonly string[]): Map<string, Buffer> {
  const [, ...layers] = image.blobs.values();
  const name = digestOf(image.config).slice(7);
  const paths = layers.map((_, at) => `${at}/layer.tar`);
  return new Map<string, Buffer>([
    [`${name}.json`, image.config],
    ...layers.map((layer, at): [string, Buffer] => [paths[at] as string, layer]),
    [
      'manifest.json',
      Buffer.from(JSON.stringify([{ Config: `${name}.json`, RepoTags: tags, Layers: paths }])),
    ],
  ]);
}

export function tarOfFiles(files: ReadonlyMap<string, Buffer>): Buffer {
  return makeTar([...files].map(([path, data]) => ({ path, data })));
}
