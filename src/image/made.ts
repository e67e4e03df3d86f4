// Images made from nothing: a tar of files, a layer, a config and a manifest, the same bytes for the same input.
import { gzipSync } from 'node:zlib';
import { digestOf } from './digest.ts';
import { type Descriptor, mediaTypes } from './manifest.ts';

export interface MadeFile {
  /** Without a leading slash, at most 100 bytes. */
  path: string;
  data: string | Uint8Array;
  /** 0o644 when left out. */
  mode?: number;
}

/** A ustar archive with times of zero (POSIX.1-2017 pax, "ustar Interchange Format"). */
export function tarOf(files: readonly MadeFile[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, data, mode = 0o644 } of files) {
    const bytes = Buffer.from(data);
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(`${'0'.repeat(11)}\0`, 136);
    header.write('        ', 148);
    header.write('0', 156);
    header.write('ustar\0', 257);
    header.write('00', 263);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    blocks.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

export interface MadeLayer {
  descriptor: Descriptor;
  diffId: string;
  bytes: Buffer;
  /** What the history says made it. */
  createdBy: string;
}

export function layerOf(createdBy: string, files: readonly MadeFile[]): MadeLayer {
  const tar = tarOf(files);
  const bytes = gzipSync(tar);
  return {
    descriptor: { mediaType: mediaTypes.layerGzip, digest: digestOf(bytes), size: bytes.length },
    diffId: digestOf(tar),
    bytes,
    createdBy,
  };
}

export interface ImageRecipe {
  layers: readonly MadeLayer[];
  /** The config's `config`: Env, Entrypoint, Labels. */
  config?: Record<string, unknown>;
  annotations?: Record<string, string>;
  /** RFC 3339. */
  created: string;
}

export interface ImageMade {
  descriptor: Descriptor;
  /** Of the manifest. */
  bytes: Buffer;
  /** Config and layers, by digest. */
  blobs: Map<string, Buffer>;
}

/** For linux/amd64. */
export function imageOf({ layers, config = {}, annotations, created }: ImageRecipe): ImageMade {
  const configBytes = Buffer.from(
    JSON.stringify({
      created,
      architecture: 'amd64',
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(({ createdBy }) => ({ created, created_by: createdBy })),
    }),
  );
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: {
        mediaType: mediaTypes.ociConfig,
        digest: digestOf(configBytes),
        size: configBytes.length,
      },
      layers: layers.map(({ descriptor }) => descriptor),
      ...(annotations === undefined ? {} : { annotations }),
    }),
  );
  return {
    descriptor: { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), size: bytes.length },
    bytes,
    blobs: new Map([
      [digestOf(configBytes), configBytes],
      ...layers.map(({ descriptor, bytes: layer }) => [descriptor.digest, layer] as const),
    ]),
  };
}
