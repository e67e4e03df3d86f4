// The two verbs of an extractor: is this file wanted, and what does it hold. One file per package database
// or language; a new one is a file here and a line in extractors.ts.
import type { Limits } from '../../core/index.ts';
import type { Extraction } from './inventory.ts';

/** A regular file met in a layer or root file system, of which only the first bytes were read. */
export interface FileEntry {
  /** Without leading slash; `..`, `.` and empty parts are already resolved or refused. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** The first min(size, 16) bytes. */
  readonly head: Uint8Array;
}

/** A wanted file, whole, with random access; in memory when small, else spooled to a file under the home. */
export interface OpenFile extends FileEntry {
  /** `length` bytes from `offset`; fewer at the end of the file. Never a copy that grows without bound. */
  read(offset: number, length: number): Buffer;
  /** The whole file; throws LimitFault `limit-reached` past `limit` bytes. */
  whole(limit: number): Buffer;
}

export interface ExtractContext {
  readonly limits: Limits;
}

export interface Extractor {
  /** Short and stable; part of every stored result's key together with `version`. */
  readonly name: string;
  /** Raise it whenever the same file would give another extraction. */
  readonly version: number;
  /** Cheap: runs for every regular file of every layer. */
  wants(file: FileEntry): boolean;
  /** Throws a Fault for content that is wrong: it becomes `package-database-unreadable` with the path. */
  extract(file: OpenFile, context: ExtractContext): Extraction;
}
