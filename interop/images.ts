// Images made of real packages, by the package managers themselves: what the suite scans.
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { peers, sh } from './peers.ts';

const folder = join(peers, 'images');

export interface Recipe {
  /** Layers below, by name. */
  on: string[];
  /** Fills $ROOT; $BELOW is the root of the layers below, $WORK a folder to work in. */
  script: string;
}

/** A layer, kept as long as its recipe stays the same: the tree, the tar, and what is known of both. */
export interface Layer {
  tree: string;
  file: string;
  digest: string;
  diffId: string;
}

export function layerOf(name: string, recipes: Record<string, Recipe>): Layer {
  const { on, script } = recipes[name]!;
  const below = on.map((layer) => layerOf(layer, recipes));
  const key = createHash('sha256')
    .update(JSON.stringify([script, below.map(({ digest }) => digest)]))
    .digest('hex')
    .slice(0, 16);
  const place = join(folder, `${name}-${key}`);
  const record = join(place, 'layer.json');
  if (existsSync(record)) return JSON.parse(readFileSync(record, 'utf8')) as Layer;
  process.stderr.write(`making ${name}\n`);
  const work = `${place}.making`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'root'), { recursive: true });
  mkdirSync(join(work, 'work'), { recursive: true });
  const env = { ROOT: join(work, 'root'), WORK: join(work, 'work'), BELOW: below.at(-1)?.tree ?? '' };
  sh(script, env);
  sh(`tar --sort=name --numeric-owner -C "$ROOT" -cf "$ROOT.tar" . && gzip -6 -n "$ROOT.tar"`, env);
  const gz = join(work, 'root.tar.gz');
  const layer: Layer = {
    tree: join(place, 'root'),
    file: join(place, 'root.tar.gz'),
    digest: sh(`sha256sum "${gz}"`).slice(0, 64),
    diffId: sh(`gunzip -c "${gz}" | sha256sum`).slice(0, 64),
  };
  rmSync(join(work, 'work'), { recursive: true, force: true });
  writeFileSync(join(work, 'layer.json'), JSON.stringify(layer));
  renameSync(work, place);
  return layer;
}

/** The OCI layout of an image of these layers, lowest first; made once. */
export function layoutOf(name: string, layers: readonly Layer[]): string {
  const key = createHash('sha256')
    .update(layers.map(({ digest }) => digest).join())
    .digest('hex')
    .slice(0, 16);
  const layout = join(folder, `${name}-${key}`);
  if (!existsSync(join(layout, 'index.json'))) writeImage(layout, layers);
  return layout;
}

/** Writes a layout; the layers' files are linked into it. */
export function writeImage(layout: string, layers: readonly Omit<Layer, 'tree'>[]): void {
  const blobs = join(layout, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  for (const { digest, file } of layers) {
    rmSync(join(blobs, digest), { force: true });
    linkSync(file, join(blobs, digest));
  }
  const put = (mediaType: string, document: unknown) => {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  const config = put('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    config: { Env: ['PATH=/usr/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
  });
  const manifest = put('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: layers.map(({ digest, file }) => ({
      mediaType: `application/vnd.oci.image.layer.v1.tar${file.endsWith('.gz') ? '+gzip' : ''}`,
      digest: `sha256:${digest}`,
      size: statSync(file).size,
    })),
  });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } }],
    }),
  );
}
