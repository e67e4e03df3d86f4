// The image configuration (image-spec config.md): what it runs on and which layers it is made of.
import { defaultLimits, type Limits, parseJson } from '../core/index.ts';
import { parseDigest } from './digest.ts';
import { ImageFault } from './fault.ts';
import { normalizePlatform, type Platform } from './platform.ts';
import { type JsonObject, shapeOf } from './shape.ts';

export interface HistoryEntry {
  created?: string;
  createdBy?: string;
  author?: string;
  comment?: string;
  emptyLayer: boolean;
}

export interface ImageConfig {
  /** Normalised. */
  platform: Platform;
  /** RFC 3339. */
  created?: string;
  author?: string;
  /** Digests of the uncompressed layers, lowest first. */
  diffIds: string[];
  history: HistoryEntry[];
  labels: Record<string, string>;
  env: string[];
  entrypoint: string[];
  cmd: string[];
  user: string;
  workingDir: string;
}

const shape = shapeOf('config-invalid');
const itemsLimit = 10_000;

/** Parses and checks a config. Throws ImageFault `config-invalid`. */
export function parseConfig(bytes: Uint8Array, limits: Limits = defaultLimits): ImageConfig {
  const document = readDocument(bytes, limits);
  const runs = document['config'];
  const settings = runs === undefined || runs === null ? {} : shape.object(runs, 'config');
  return {
    platform: platformOf(document),
    ...optional('created', shape.optionalText(document['created'], 'created')),
    ...optional('author', shape.optionalText(document['author'], 'author')),
    diffIds: diffIdsOf(document, limits),
    history: shape.list(document['history'], 'history', itemsLimit).map(parseHistory),
    labels: shape.textMap(settings['Labels'], 'config.Labels', itemsLimit),
    env: shape.texts(settings['Env'], 'config.Env', itemsLimit),
    entrypoint: shape.texts(settings['Entrypoint'], 'config.Entrypoint', itemsLimit),
    cmd: shape.texts(settings['Cmd'], 'config.Cmd', itemsLimit),
    user: shape.optionalText(settings['User'], 'config.User') ?? '',
    workingDir: shape.optionalText(settings['WorkingDir'], 'config.WorkingDir') ?? '',
  };
}

function readDocument(bytes: Uint8Array, limits: Limits): JsonObject {
  if (bytes.byteLength > limits.manifestBytes)
    throw new ImageFault(
      'config-invalid',
      `expected a config of at most ${limits.manifestBytes} bytes, got ${bytes.byteLength}`,
    );
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return shape.object(parseJson(text), 'the config');
  } catch (cause) {
    if (cause instanceof ImageFault) throw cause;
    throw new ImageFault('config-invalid', `expected a JSON config, got: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function platformOf(document: JsonObject): Platform {
  const os = shape.text(document['os'], 'os');
  const architecture = shape.text(document['architecture'], 'architecture');
  if (os === '') throw new ImageFault('config-invalid', 'expected os to name an operating system, got ""');
  return normalizePlatform({
    os,
    architecture,
    ...optional('variant', shape.optionalText(document['variant'], 'variant')),
    ...optional('osVersion', shape.optionalText(document['os.version'], 'os.version')),
  });
}

function diffIdsOf(document: JsonObject, limits: Limits): string[] {
  const rootfs = shape.object(document['rootfs'], 'rootfs');
  if (rootfs['type'] !== 'layers')
    throw new ImageFault(
      'config-invalid',
      `expected rootfs.type to be "layers", got ${JSON.stringify(rootfs['type'])}`,
    );
  const ids = shape.texts(rootfs['diff_ids'], 'rootfs.diff_ids', limits.layers);
  for (const id of ids) {
    try {
      parseDigest(id);
    } catch (cause) {
      throw new ImageFault('config-invalid', `rootfs.diff_ids: ${(cause as Error).message}`, { cause });
    }
  }
  return ids;
}

function parseHistory(value: unknown, at: number): HistoryEntry {
  const object = shape.object(value, `history[${at}]`);
  return {
    ...optional('created', shape.optionalText(object['created'], `history[${at}].created`)),
    ...optional('createdBy', shape.optionalText(object['created_by'], `history[${at}].created_by`)),
    ...optional('author', shape.optionalText(object['author'], `history[${at}].author`)),
    ...optional('comment', shape.optionalText(object['comment'], `history[${at}].comment`)),
    emptyLayer: object['empty_layer'] === true,
  };
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}
