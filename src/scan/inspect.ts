// From an opened image to its inventory: kept layer results where there are some, threads for the rest.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Home, isFault, type Limits, type Undecided, undecided } from '../core/index.ts';
import { ImageFault } from '../image/index.ts';
import type { ResultStore } from '../store/index.ts';
import type { ImageTarget } from '../transport/index.ts';
import {
  analyserVersion,
  assemble,
  decodeResult,
  type Inventory,
  type LayerResult,
  type LayerToRead,
  readLayers,
  unreadableLayer,
} from './inventory/index.ts';
import type { ScanProgress } from './progress.ts';

export interface InspectOptions {
  home: Home;
  results: ResultStore;
  limits: Limits;
  baseLayers?: number;
  threads?: number;
  signal?: AbortSignal;
  progress?: ScanProgress;
}

/** The part of an image that its layers are read by. */
export interface LayeredImage {
  layers: readonly LayerToRead[];
  config: { diffIds: readonly string[] };
}

export interface InspectedLayers {
  /** Lowest first; what could not be read stands for itself as an empty one and is named in `unread`. */
  layers: LayerResult[];
  unread: Undecided[];
}

/** The inventory of an image. Throws as inspectLayers does. */
export async function inspectImage(image: ImageTarget, options: InspectOptions): Promise<Inventory> {
  const { layers, unread } = await inspectLayers(image, options);
  const inventory = assemble(layers, {
    layered: true,
    ...(options.baseLayers === undefined ? {} : { baseLayers: options.baseLayers }),
  });
  return { ...inventory, undecided: [...inventory.undecided, ...unread] };
}

/**
 * What is known of each layer, kept results first. Throws ImageFault `digest-mismatch` when a layer's bytes are not what the manifest or the config says they are:
 * a kept result counts only because Seaworthy itself computed that layer's diffID.
 */
export async function inspectLayers(image: LayeredImage, options: InspectOptions): Promise<InspectedLayers> {
  const { diffIds } = image.config;
  const results = new Map<string, LayerResult>();
  const missing = new Map<string, LayerToRead>();
  const unread: Undecided[] = [];
  for (const layer of image.layers) {
    if (results.has(layer.digest) || missing.has(layer.digest)) continue;
    const kept = options.results.get(keyOf(layer.digest));
    const result = kept === undefined ? undefined : decodeResult(kept);
    if (result?.digest === layer.digest) results.set(layer.digest, result);
    else missing.set(layer.digest, layer);
  }
  image.layers.forEach((layer, i) => checkDiffId(layer.digest, results.get(layer.digest), diffIds[i]));
  if (missing.size > 0) await readMissing([...missing.values()], options, results, unread);
  image.layers.forEach((layer, i) => checkDiffId(layer.digest, results.get(layer.digest), diffIds[i]));
  const layers = image.layers.map(
    (layer, i) => results.get(layer.digest) ?? nothingOf(layer.digest, diffIds[i] ?? ''),
  );
  return { layers, unread };
}

async function readMissing(
  layers: readonly LayerToRead[],
  options: InspectOptions,
  results: Map<string, LayerResult>,
  unread: Undecided[],
): Promise<void> {
  const spoolDir = join(
    options.home.dir('tmp'),
    `scan-${process.pid}-${Math.random().toString(36).slice(2, 8)}`,
  );
  const { progress } = options;
  progress?.layers(
    layers.length,
    layers.reduce((sum, layer) => sum + layer.size, 0),
  );
  try {
    await readLayers(
      layers,
      {
        limits: options.limits,
        spoolDir,
        ...(options.threads === undefined ? {} : { threads: options.threads }),
        ...(options.signal ? { signal: options.signal } : {}),
        onBytes: (_, count) => progress?.bytes(count),
      },
      ({ layer, result, bytes }) => {
        results.set(layer.digest, result);
        options.results.put(keyOf(layer.digest), bytes);
        progress?.layerDone();
      },
      (layer, error) => {
        const note =
          isFault(error) && error instanceof ImageFault ? unreadableLayer(layer.digest, error) : undefined;
        if (note === undefined) throw error;
        unread.push(note);
        progress?.layerDone();
      },
    );
  } finally {
    rmSync(spoolDir, { recursive: true, force: true });
  }
}

function keyOf(digest: string): string {
  return `layer/${analyserVersion}/${digest.replace(':', '-')}`;
}

/** The config is signed with the manifest: layers that are not the ones it names are another image's. */
function checkDiffId(digest: string, result: LayerResult | undefined, expected: string | undefined): void {
  if (result === undefined || result.diffId === expected) return;
  throw new ImageFault(
    'digest-mismatch',
    `expected layer ${digest} to hold diffID ${expected ?? 'none'}, got ${result.diffId}`,
    {
      hint: 'the config does not describe these layers: the image was put together wrongly or forged',
    },
  );
}

/** What stands for a layer that could not be read: the report names it. */
function nothingOf(digest: string, diffId: string): LayerResult {
  return {
    digest,
    diffId,
    size: 0,
    bytes: 0,
    entries: 0,
    files: [],
    whiteouts: [],
    opaques: [],
    links: [],
    touchedFiles: new Float64Array(),
    touchedDirectories: new Float64Array(),
    executables: [],
    facts: { databases: [], linker: [], elf: [] },
    undecided: [],
  };
}

export function windowsImage(image: ImageTarget): Undecided {
  const version = image.platform.osVersion ? ` ${image.platform.osVersion}` : '';
  return undecided(
    'windows-image',
    `${image.reference} is for Windows${version}, which Seaworthy does not inventory`,
    {
      hint: 'choose a Linux platform with --platform where the image has one',
    },
  );
}
