// A wanted file with random access: its bytes in memory, or spooled to a file below the home when large.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';

let spooled = 0;

/** Makes unique files below one directory that the caller removes. */
export class Spool {
  readonly #dir: () => string;

  /** `dir` is called once a file is needed. */
  constructor(dir: () => string) {
    this.#dir = dir;
  }

  next(): string {
    return join(this.#dir(), `${process.pid}-${spooled++}-${Math.random().toString(36).slice(2, 8)}`);
  }
}

interface Named {
  path: string;
  size: number;
  mode: number;
  head: Uint8Array;
}

abstract class BaseFile implements OpenFile {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly head: Uint8Array;

  constructor(entry: Named) {
    this.path = entry.path;
    this.name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    this.size = entry.size;
    this.mode = entry.mode;
    this.head = entry.head;
  }

  abstract read(offset: number, length: number): Buffer;
  abstract close(): void;

  whole(limit: number): Buffer {
    if (this.size > limit)
      throw new InventoryFault(
        'limit-reached',
        `expected ${this.path} of at most ${limit} bytes, got ${this.size}`,
      );
    return this.read(0, this.size);
  }
}

/** The name only: enough for `wants`. */
export class Entry implements FileEntry {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly head: Uint8Array;
  readonly name: string;

  constructor(path: string, size: number, mode: number, head: Uint8Array) {
    this.path = path;
    this.size = size;
    this.mode = mode;
    this.head = head;
    this.name = path.slice(path.lastIndexOf('/') + 1);
  }
}

export class MemoryFile extends BaseFile {
  readonly #bytes: Buffer;

  constructor(entry: Named, bytes: Buffer) {
    super(entry);
    this.#bytes = bytes;
  }

  read(offset: number, length: number): Buffer {
    return this.#bytes.subarray(Math.max(0, offset), Math.max(0, offset + length));
  }

  close(): void {}
}

/** Reads by a descriptor, which `close` closes; a spooled file is removed then. */
export class DiskFile extends BaseFile {
  readonly #descriptor: number;
  readonly #spooled: string | undefined;

  constructor(entry: Named, descriptor: number, spooled?: string) {
    super(entry);
    this.#descriptor = descriptor;
    this.#spooled = spooled;
  }

  read(offset: number, length: number): Buffer {
    const from = Math.max(0, offset);
    const want = Math.max(0, Math.min(length, this.size - from));
    const bytes = Buffer.allocUnsafe(want);
    let got = 0;
    while (got < want) {
      const count = readSync(this.#descriptor, bytes, got, want - got, from + got);
      if (count === 0) break;
      got += count;
    }
    return bytes.subarray(0, got);
  }

  close(): void {
    closeSync(this.#descriptor);
    if (this.#spooled !== undefined) rmSync(this.#spooled, { force: true });
  }
}

/** Gathers a wanted file's pieces; small ones stay in memory, without a copy when they came in one piece. */
export class FileCollector {
  readonly #entry: Named;
  readonly #spool: Spool;
  readonly #inMemory: boolean;
  #pieces: Buffer[] = [];
  #path: string | undefined;
  #handle: number | undefined;

  constructor(entry: Named, spool: Spool, memoryBytes: number) {
    this.#entry = entry;
    this.#spool = spool;
    this.#inMemory = entry.size <= memoryBytes;
  }

  /** `piece` is valid during the call only, unless it is the whole file and `finish` follows at once. */
  add(piece: Buffer): void {
    if (this.#inMemory) {
      this.#pieces.push(piece.length === this.#entry.size ? piece : Buffer.from(piece));
      return;
    }
    if (this.#handle === undefined) {
      this.#path = this.#spool.next();
      this.#handle = openSync(this.#path, 'wx+', 0o600);
    }
    writeAll(this.#handle, piece);
  }

  finish(): MemoryFile | DiskFile {
    if (this.#inMemory) {
      const bytes = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
      return new MemoryFile(this.#entry, bytes);
    }
    return new DiskFile(this.#entry, this.#handle!, this.#path!);
  }

  abandon(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }
}

function writeAll(handle: number, bytes: Buffer): void {
  let at = 0;
  while (at < bytes.length) at += writeSync(handle, bytes, at, bytes.length - at);
}
