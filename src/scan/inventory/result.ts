// What is known of one layer, whatever image it is in: kept under its digest and the analyser version.
import { deserialize, serialize } from 'node:v8';
import { crc32 } from 'node:zlib';
import type { Undecided } from '../../core/index.ts';
import type { OsRelease } from '../package/index.ts';
import type { ElfFacts, FoundPackage } from './inventory.ts';

/** What one file of the layer gave. */
export interface FileResult {
  path: string;
  /** Names of the extractors that read it. */
  by: string[];
  packages: FoundPackage[];
  osRelease?: OsRelease;
  /** OS package owner → sorted hashes of the canonical paths it owns. */
  owned: { owner: string; hashes: Float64Array }[];
}

/** Facts that renewal needs to prove a rebase safe, so that no layer is read again for them. */
export interface LayerFacts {
  /** Paths of package databases that the layer writes. */
  databases: string[];
  /** Paths of the dynamic linker and its configuration that the layer writes. */
  linker: string[];
  /** ELF files: sonames needed and provided. */
  elf: (ElfFacts & { path: string })[];
}

export interface LayerResult {
  digest: string;
  diffId: string;
  /** Stored and uncompressed bytes. */
  size: number;
  bytes: number;
  entries: number;
  files: FileResult[];
  /** Paths that the layer removes from those below. */
  whiteouts: string[];
  /** Directories whose lower content the layer hides. */
  opaques: string[];
  /** Symbolic links to directories near the root: package databases are reached through some. */
  links: [path: string, target: string][];
  /** Sorted hashes of every path that is not a directory, and of every directory. */
  touchedFiles: Float64Array;
  touchedDirectories: Float64Array;
  /** Executable ELF files. */
  executables: string[];
  facts: LayerFacts;
  undecided: Undecided[];
}

const MAGIC = 0x53574c31;

/** Bytes to keep: magic, CRC-32, then V8's structured clone format. */
export function encodeResult(result: LayerResult): Buffer {
  const body = serialize(result);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

/** Undefined for bytes that are not a whole result: the layer is read again then. */
export function decodeResult(bytes: Buffer): LayerResult | undefined {
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const body = bytes.subarray(8);
  if (bytes.readUInt32BE(4) !== crc32(body)) return undefined;
  try {
    return deserialize(body) as LayerResult;
  } catch {
    return undefined;
  }
}
