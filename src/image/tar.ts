// Reads a tar stream as it arrives: ustar, GNU long names and base-256 numbers, pax headers (POSIX.1-2017,
// pax interchange format), the way a container runtime would apply it. Nothing is written anywhere.
import type { Limits } from '../core/index.ts';
import { ImageFault } from './fault.ts';
import { cleanPath, paxRecords, readNumber, readText, verifyChecksum } from './tarheader.ts';

export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';

export interface TarEntry {
  /** Resolved against the root: no leading slash, no empty, `.` or `..` part; '' is the root itself. */
  path: string;
  type: TarEntryType;
  /** Bytes of data that follow. */
  size: number;
  /** Permission bits. */
  mode: number;
  /** Target of a symlink (as written) or of a hard link (as written). */
  linkname: string;
  /** Stored with holes left out: its data is not the file's and is never handed over. */
  sparse?: true;
}

export interface TarSink {
  /** Called with the first min(size, HEAD_BYTES) bytes; true asks for the data (only of files with size > 0). */
  entry(entry: TarEntry, head: Buffer): boolean;
  /** A piece of a wanted file's data, valid during the call only. */
  data(piece: Buffer): void;
  /** After the last piece of a wanted file. */
  end(): void;
}

export const HEAD_BYTES = 16;
const BLOCK = 512;

/** Push parser: `write` every chunk in order, then `finish`. Throws ImageFault `tar-corrupt`, `tar-limit`. */
export class TarReader {
  entries = 0;
  readonly #sink: TarSink;
  readonly #limits: Pick<Limits, 'layerEntries' | 'pathBytes'>;
  #carry: Buffer | null = null;
  #skip = 0;
  #wanted = 0;
  #padding = 0;
  #ended = false;
  #meta: { type: string; left: number; padding: number; pieces: Buffer[] } | null = null;
  #longName: string | undefined;
  #longLink: string | undefined;
  #pax: Map<string, string> | undefined;
  #sparseHeaders = 0;

  constructor(sink: TarSink, limits: Pick<Limits, 'layerEntries' | 'pathBytes'>) {
    this.#sink = sink;
    this.#limits = limits;
  }

  write(chunk: Buffer): void {
    let data = chunk;
    if (this.#carry !== null) {
      data = Buffer.concat([this.#carry, chunk]);
      this.#carry = null;
    }
    let at = 0;
    while (at < data.length) {
      if (this.#sparseHeaders > 0) {
        // They stand between the header and the data that `#skip` counts.
        if (data.length - at < BLOCK) {
          this.#carry = Buffer.from(data.subarray(at));
          return;
        }
        this.#sparseHeaders = data[at + 504] === 1 ? 1 : 0;
        at += BLOCK;
      } else if (this.#wanted > 0) at = this.#deliver(data, at);
      else if (this.#skip > 0) {
        const step = Math.min(this.#skip, data.length - at);
        this.#skip -= step;
        at += step;
      } else if (this.#meta !== null) at = this.#collect(data, at);
      else if (this.#ended) return;
      else {
        const next = this.#header(data, at);
        if (next < 0) {
          this.#carry = at === 0 ? data : Buffer.from(data.subarray(at));
          return;
        }
        at = next;
      }
    }
  }

  /** Throws when the stream stopped in the middle of something. */
  finish(): void {
    if (this.#wanted > 0 || this.#skip > this.#padding || this.#meta !== null)
      throw corrupt('expected the rest of a file, got the end of the stream');
    if (this.#carry !== null && !this.#ended)
      throw corrupt(`expected whole blocks of ${BLOCK} bytes, got ${this.#carry.length} bytes at the end`);
  }

  #deliver(data: Buffer, at: number): number {
    const step = Math.min(this.#wanted, data.length - at);
    this.#sink.data(data.subarray(at, at + step));
    this.#wanted -= step;
    if (this.#wanted === 0) {
      this.#skip = this.#padding;
      this.#sink.end();
    }
    return at + step;
  }

  #collect(data: Buffer, at: number): number {
    const meta = this.#meta!;
    const step = Math.min(meta.left, data.length - at);
    meta.pieces.push(Buffer.from(data.subarray(at, at + step)));
    meta.left -= step;
    if (meta.left === 0) {
      this.#meta = null;
      this.#skip = meta.padding;
      this.#applyMeta(meta.type, Buffer.concat(meta.pieces));
    }
    return at + step;
  }

  /** Reads the header at `at`; returns where to go on, or -1 when more bytes are needed first. */
  #header(data: Buffer, at: number): number {
    if (data.length - at < BLOCK) return -1;
    if (data[at] === 0 && isZeroBlock(data, at)) {
      // A runtime's reader stops here; what follows is hashed but never applied.
      this.#ended = true;
      return data.length;
    }
    verifyChecksum(data, at);
    const type = String.fromCharCode(data[at + 156]!);
    let size = readNumber(data, at + 124, 12);
    if (type === 'L' || type === 'K' || type === 'x' || type === 'g') {
      const bound = type === 'x' || type === 'g' ? 1 << 20 : this.#limits.pathBytes + 1;
      if (size > bound)
        throw new ImageFault('tar-limit', `expected a header of at most ${bound} bytes, got ${size}`);
      if (size > 0) this.#meta = { type, left: size, padding: padding(size), pieces: [] };
      return at + BLOCK;
    }
    const pax = this.#pax;
    const paxSize = pax?.get('size');
    if (paxSize) {
      if (!/^\d{1,15}$/.test(paxSize))
        throw corrupt(`expected a size in digits in a pax header, got ${JSON.stringify(paxSize)}`);
      size = Number(paxSize);
    }
    const entryType = typeOf(type);
    // Links, devices, directories and pipes have no data, whatever their size says.
    const stored = type >= '1' && type <= '6' ? 0 : size;
    const headBytes = entryType === 'file' ? Math.min(stored, HEAD_BYTES) : 0;
    if (data.length - at < BLOCK + headBytes) return -1;
    if (++this.entries > this.#limits.layerEntries)
      throw new ImageFault('tar-limit', `expected at most ${this.#limits.layerEntries} entries, got more`);
    const path = this.#pathOf(data, at, pax);
    const linkname = this.#longLink ?? (pax?.get('linkpath') || undefined) ?? readText(data, at + 157, 100);
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#pax = undefined;
    if (type === 'S' && data[at + 482] === 1) this.#sparseHeaders = 1;
    const sparse = type === 'S' || pax?.has('GNU.sparse.major') || pax?.has('GNU.sparse.size');
    const body = at + BLOCK;
    const entry: TarEntry = {
      path,
      type: entryType,
      size: stored,
      mode: readNumber(data, at + 100, 8) & 0o7777,
      linkname,
      ...(sparse ? { sparse: true } : {}),
    };
    const wanted = this.#sink.entry(entry, data.subarray(body, body + headBytes));
    this.#padding = padding(stored);
    if (wanted && entryType === 'file' && stored > 0 && !sparse) this.#wanted = stored;
    else this.#skip = stored + this.#padding;
    return body;
  }

  #pathOf(data: Buffer, at: number, pax: Map<string, string> | undefined): string {
    // Runtimes let a GNU name stand before pax's, take an empty value for none, and ignore global headers.
    let raw = pax?.get('GNU.sparse.name') || this.#longName || pax?.get('path') || undefined;
    if (raw === undefined) {
      raw = readText(data, at, 100);
      // The prefix field exists in POSIX ustar only; old GNU headers keep times there.
      if (data[at + 257] === 0x75 && data[at + 262] === 0 && data[at + 345] !== 0)
        raw = `${readText(data, at + 345, 155)}/${raw}`;
    }
    if (raw.length > this.#limits.pathBytes)
      throw new ImageFault(
        'tar-limit',
        `expected a path of at most ${this.#limits.pathBytes} bytes, got ${raw.length}`,
      );
    return cleanPath(raw);
  }

  #applyMeta(type: string, bytes: Buffer): void {
    if (type === 'L') this.#longName = readText(bytes, 0, bytes.length);
    else if (type === 'K') this.#longLink = readText(bytes, 0, bytes.length);
    else if (type === 'x') this.#pax = paxRecords(bytes);
  }
}

function typeOf(flag: string): TarEntryType {
  if (flag === '0' || flag === '\0' || flag === '7' || flag === 'S') return 'file';
  if (flag === '5') return 'directory';
  if (flag === '2') return 'symlink';
  if (flag === '1') return 'hardlink';
  return 'other';
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function isZeroBlock(data: Buffer, at: number): boolean {
  for (let i = at; i < at + BLOCK; i++) if (data[i] !== 0) return false;
  return true;
}

function corrupt(message: string): ImageFault {
  return new ImageFault('tar-corrupt', message);
}
