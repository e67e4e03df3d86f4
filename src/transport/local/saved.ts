// What `docker save` wrote before it wrote image layouts: manifest.json, a config, and one tar per layer.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { defaultLimits, parseJson } from '../../core/index.ts';
import { type Descriptor, digestOf, type ImageManifest, mediaTypes, parseConfig } from '../../image/index.ts';
import type { Layout } from './blobs.ts';
import { type Place, readPlace } from './bytes.ts';
import { LocalFault } from './fault.ts';

/** One entry of manifest.json. */
export interface SavedImage {
  config: string;
  tags: string[];
  layers: string[];
}

export interface OpenSaved {
  manifest: ImageManifest;
  config: Buffer;
  /** As many as the manifest has layers. */
  places: Place[];
}

export async function isSaved(layout: Layout): Promise<boolean> {
  return (await layout.find('manifest.json')) !== undefined;
}

/** Throws LocalFault `archive-invalid`. */
export async function readSavedImages(layout: Layout): Promise<SavedImage[]> {
  const place = await layout.find('manifest.json');
  if (place === undefined) throw invalid(`expected manifest.json in ${layout.name}, got none`);
  const list = parseJson((await readPlace(place)).toString('utf8'));
  if (!Array.isArray(list)) throw invalid('expected manifest.json to be a list, got something else');
  return list.map((item: unknown, at) => {
    const { Config: config, RepoTags: tags, Layers: layers } = (item ?? {}) as Record<string, unknown>;
    if (typeof config !== 'string' || !isTexts(layers))
      throw invalid(`expected Config and Layers in manifest.json[${at}], got another shape`);
    if (layers.length > defaultLimits.layers)
      throw invalid(`expected at most ${defaultLimits.layers} layers, got ${layers.length}`);
    return { config, layers, tags: isTexts(tags) ? tags : [] };
  });
}

/** The image a tag names; without one, the only one. Throws LocalFault `image-not-here`. */
export function chooseSaved(
  images: readonly SavedImage[],
  name: string | undefined,
  where: string,
): SavedImage {
  const found = images.filter(
    ({ tags }) => name === undefined || tags.some((tag) => tag === name || tag.endsWith(`:${name}`)),
  );
  if (found.length === 1) return found[0] as SavedImage;
  throw new LocalFault(
    'image-not-here',
    `expected one image${name === undefined ? '' : ` called ${name}`} in ${where}, got ${found.length}`,
    {
      hint: `There are: ${
        images
          .flatMap(({ tags }) => tags)
          .slice(0, 20)
          .join(', ') || 'none with a name'
      }.`,
    },
  );
}

/**
 * Makes the manifest that the archive leaves out. A plain layer's digest is its diffID, as the config says it; a
 * compressed one's is in its name, or computed. Whoever reads the layer finds out whether it is true.
 */
export async function openSaved(layout: Layout, image: SavedImage): Promise<OpenSaved> {
  const config = await readPlace(await memberOf(layout, image.config));
  const { diffIds } = parseConfig(config);
  if (diffIds.length !== image.layers.length)
    throw invalid(`expected ${diffIds.length} layers as the config says, got ${image.layers.length}`);
  const layers: Descriptor[] = [];
  const places: Place[] = [];
  for (const [at, name] of image.layers.entries()) {
    const place = await memberOf(layout, name);
    places.push(place);
    layers.push(await describeLayer(place, name, diffIds[at] as string));
  }
  const manifest: ImageManifest = {
    kind: 'manifest',
    mediaType: mediaTypes.dockerManifest,
    annotations: {},
    config: { mediaType: mediaTypes.dockerConfig, digest: digestOf(config), size: config.length },
    layers,
  };
  return { manifest, config, places };
}

async function describeLayer(place: Place, name: string, diffId: string): Promise<Descriptor> {
  const size = place.length;
  const head = await readPlace({ ...place, length: Math.min(4, size) });
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const isZstd = head.length === 4 && head.readUInt32LE(0) === 0xfd2fb528;
  if (!isGzip && !isZstd) return { mediaType: mediaTypes.layerTar, digest: diffId, size };
  const named = /(?:^|\/|:)([a-f0-9]{64})(?:\.tar(?:\.\w+)?)?$/.exec(name)?.[1];
  const digest = named === undefined ? await hashPlace(place) : `sha256:${named}`;
  return { mediaType: isGzip ? mediaTypes.layerGzip : mediaTypes.layerZstd, digest, size };
}

async function hashPlace({ path, offset, length }: Place): Promise<string> {
  const hash = createHash('sha256');
  if (length > 0)
    for await (const chunk of createReadStream(path, { start: offset, end: offset + length - 1 }))
      hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

async function memberOf(layout: Layout, path: string): Promise<Place> {
  const place = await layout.find(path);
  if (place === undefined) throw invalid(`expected ${JSON.stringify(path)} in ${layout.name}, got none`);
  return place;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function invalid(message: string): LocalFault {
  return new LocalFault('archive-invalid', message, {
    hint: 'Save the image again; the archive is damaged or of another kind.',
  });
}
