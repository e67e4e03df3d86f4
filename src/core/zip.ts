// Zip archives from strangers, read from their central directory: bounded, random access, nothing unpacked to disk.
import { crc32, inflateRawSync } from 'node:zlib';
import { Fault } from './fault.ts';

export type ZipFaultCode = 'zip-invalid' | 'zip-encrypted' | 'zip-unsupported' | 'zip-limit';

export class ZipFault extends Fault<ZipFaultCode> {}

/** Bytes that can be read anywhere: a buffer, a file, a part of another archive. */
export interface ZipSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`; the reader never asks past `size`. */
  read(offset: number, length: number): Buffer;
}

export interface ZipLimits {
  /** Entries of one archive. */
  archiveEntries: number;
  /** Uncompressed bytes read out of one archive, counted in `ZipBudget`. */
  archiveInflatedBytes: number;
  pathBytes: number;
}

/** What was inflated so far: give the same one to nested archives, so that all count together. */
export interface ZipBudget {
  inflatedBytes: number;
}

export interface ZipEntry {
  /** As stored, `/` between parts; not made safe: never use it as a path on disk. */
  readonly path: string;
  /** Uncompressed bytes, as the central directory says. */
  readonly size: number;
  readonly compressedSize: number;
  readonly crc: number;
  readonly isDirectory: boolean;
  /** The entry's bytes, checked against size and CRC-32. Throws ZipFault; `zip-limit` when larger than `limit`. */
  inflate(limit?: number): Buffer;
  /** The entry's bytes in place when it is stored uncompressed and not encrypted, else undefined. */
  stored(): ZipSource | undefined;
}

/** A source over bytes in memory; what it reads are views of them. */
export function bufferSource(bytes: Buffer): ZipSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/**
 * The entries in the order of the central directory (APPNOTE 4.3.12), zip64 included (4.3.14, 4.5.3); bytes in
 * front of the archive, as launcher scripts have, are allowed. Throws ZipFault.
 */
export function* readZip(
  source: ZipSource,
  limits: ZipLimits,
  budget: ZipBudget = { inflatedBytes: 0 },
): Generator<ZipEntry, void, undefined> {
  const directory = findDirectory(source);
  if (directory.entries > limits.archiveEntries)
    throw new ZipFault(
      'zip-limit',
      `expected at most ${limits.archiveEntries} entries, got ${directory.entries}`,
    );
  const end = directory.at + directory.size;
  let at = directory.at;
  let window: Buffer = Buffer.alloc(0);
  let windowAt = directory.at;
  for (let n = 0; n < directory.entries; n++) {
    if (at + maxHeader > windowAt + window.length && windowAt + window.length < end) {
      windowAt = at;
      window = source.read(at, Math.min(end - at, windowBytes));
    }
    const header = parseHeader(window, at - windowAt, limits);
    at += header.length;
    if (at > end) throw invalid('a central directory within its bounds', `an entry past its end at ${at}`);
    yield entryOf(source, header, directory.shift, limits, budget);
  }
}

/** Longest central header: 46 bytes and three lengths of 16 bits. */
const maxHeader = 46 + 3 * 0xffff;
const windowBytes = 1 << 20;

interface Directory {
  at: number;
  size: number;
  entries: number;
  /** Bytes in front of the archive that its offsets do not count. */
  shift: number;
}

/** End of central directory record (4.3.16), searched backwards over the comment. */
function findDirectory(source: ZipSource): Directory {
  const tailSize = Math.min(source.size, 22 + 0xffff);
  const tail = source.read(source.size - tailSize, tailSize);
  if (tail.length !== tailSize) throw invalid(`${tailSize} bytes at the end`, `${tail.length}`);
  for (let i = tail.lastIndexOf(endMark); i >= 0; i = i === 0 ? -1 : tail.lastIndexOf(endMark, i - 1)) {
    if (i + 22 > tail.length || i + 22 + tail.readUInt16LE(i + 20) > tail.length) continue;
    return directoryAt(source, source.size - tailSize + i, tail.subarray(i, i + 22));
  }
  throw invalid('a zip archive', 'no end of central directory: truncated, or not a zip');
}

const endMark = Buffer.from([0x50, 0x4b, 5, 6]);

function directoryAt(source: ZipSource, endAt: number, end: Buffer): Directory {
  let entries = end.readUInt16LE(10);
  let size = end.readUInt32LE(12);
  let offset = end.readUInt32LE(16);
  let limit = endAt;
  if (entries === 0xffff || size === 0xffffffff || offset === 0xffffffff) {
    const wide = wideEnd(source, endAt);
    if (wide !== undefined) ({ entries, size, offset, limit } = wide);
  }
  const at = limit - size;
  if (at < 0 || offset > at)
    throw invalid('a central directory inside the file', `${size} bytes at ${offset}`);
  if (entries * 46 > size) throw invalid(`at most ${Math.floor(size / 46)} entries`, `${entries}`);
  return { at, size, entries, shift: at - offset };
}

/** Zip64 end of central directory, by its locator (4.3.14, 4.3.15); undefined: a plain archive with full fields. */
function wideEnd(
  source: ZipSource,
  endAt: number,
): { entries: number; size: number; offset: number; limit: number } | undefined {
  if (endAt < 76) return undefined;
  const locator = source.read(endAt - 20, 20);
  if (locator.readUInt32LE(0) !== 0x07064b50) return undefined;
  const stated = wide(locator, 8);
  // Bytes in front of the archive move the record; without an extensible part it ends at the locator.
  for (const at of [stated, endAt - 76]) {
    if (at < 0 || at + 56 > endAt) continue;
    const record = source.read(at, 56);
    if (record.readUInt32LE(0) !== 0x06064b50) continue;
    return { entries: wide(record, 32), size: wide(record, 40), offset: wide(record, 48), limit: at };
  }
  throw invalid('a zip64 end of central directory', 'none where its locator points');
}

interface Header {
  length: number;
  flags: number;
  method: number;
  crc: number;
  compressedSize: number;
  size: number;
  offset: number;
  nameLength: number;
  extraLength: number;
  path: string;
}

function parseHeader(window: Buffer, at: number, limits: ZipLimits): Header {
  if (at + 46 > window.length || window.readUInt32LE(at) !== 0x02014b50)
    throw invalid('a central directory header', 'other bytes');
  const nameLength = window.readUInt16LE(at + 28);
  const extraLength = window.readUInt16LE(at + 30);
  const length = 46 + nameLength + extraLength + window.readUInt16LE(at + 32);
  if (at + length > window.length) throw invalid('a whole central directory header', 'a truncated one');
  if (nameLength > limits.pathBytes)
    throw new ZipFault(
      'zip-limit',
      `expected a path of at most ${limits.pathBytes} bytes, got ${nameLength}`,
    );
  const header: Header = {
    length,
    flags: window.readUInt16LE(at + 8),
    method: window.readUInt16LE(at + 10),
    crc: window.readUInt32LE(at + 16),
    compressedSize: window.readUInt32LE(at + 20),
    size: window.readUInt32LE(at + 24),
    offset: window.readUInt32LE(at + 42),
    nameLength,
    extraLength,
    path: window.toString('utf8', at + 46, at + 46 + nameLength),
  };
  if (header.size === 0xffffffff || header.compressedSize === 0xffffffff || header.offset === 0xffffffff)
    widen(header, window.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength));
  return header;
}

/** Zip64 extended information (4.5.3): only the fields that are full, in this order. */
function widen(header: Header, extra: Buffer): void {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) return;
    if (extra.readUInt16LE(at) === 1) {
      let field = at + 4;
      for (const name of ['size', 'compressedSize', 'offset'] as const) {
        if (header[name] !== 0xffffffff) continue;
        if (field + 8 > end) throw invalid('a zip64 field for each full one', 'fewer');
        header[name] = wide(extra, field);
        field += 8;
      }
      return;
    }
    at = end;
  }
}

function wide(bytes: Buffer, at: number): number {
  const value = bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
  if (!Number.isSafeInteger(value)) throw invalid('a size or offset below 2^53', 'a larger one');
  return value;
}

function entryOf(
  source: ZipSource,
  header: Header,
  shift: number,
  limits: ZipLimits,
  budget: ZipBudget,
): ZipEntry {
  const { path, size, compressedSize, crc, method } = header;
  return {
    path,
    size,
    compressedSize,
    crc,
    isDirectory: path.endsWith('/'),
    inflate(limit = limits.archiveInflatedBytes) {
      if (size > limit) throw tooLarge(path, limit, size);
      budget.inflatedBytes += size;
      if (budget.inflatedBytes > limits.archiveInflatedBytes)
        throw tooLarge('one archive', limits.archiveInflatedBytes, budget.inflatedBytes);
      refuseEncrypted(header);
      const bytes = uncompress(readData(source, header, shift), method, size, path);
      if (crc32(bytes) !== crc) throw invalid(`${path} with the CRC-32 of its header`, 'other bytes');
      return bytes;
    },
    stored() {
      if (method !== 0 || (header.flags & 1) !== 0 || size !== compressedSize) return undefined;
      const start = dataStart(source, header, shift);
      return { size, read: (offset, length) => source.read(start + offset, length) };
    },
  };
}

function uncompress(packed: Buffer, method: number, size: number, path: string): Buffer {
  if (method !== 0 && method !== 8)
    throw new ZipFault(
      'zip-unsupported',
      `expected stored or deflated data, got method ${method} for ${path}`,
    );
  let bytes = packed;
  if (method === 8) {
    try {
      bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, size), chunkSize: chunkFor(size) });
    } catch (cause) {
      throw new ZipFault(
        'zip-invalid',
        `expected ${size} deflated bytes for ${path}, got data that does not inflate`,
        {
          cause,
        },
      );
    }
  }
  if (bytes.length !== size) throw invalid(`${size} bytes for ${path}`, `${bytes.length}`);
  return bytes;
}

/** One chunk that holds the whole answer: zlib then neither grows nor joins buffers. */
function chunkFor(size: number): number {
  return Math.min(Math.max(size + 1, 64), 1 << 20);
}

function readData(source: ZipSource, header: Header, shift: number): Buffer {
  const start = dataStart(source, header, shift);
  const packed = source.read(start, header.compressedSize);
  if (packed.length !== header.compressedSize)
    throw invalid(`${header.compressedSize} bytes for ${header.path}`, `${packed.length}`);
  return packed;
}

/** Where the data begins: behind the local header (4.3.7), whose extra field may differ in length. */
function dataStart(source: ZipSource, header: Header, shift: number): number {
  const at = header.offset + shift;
  if (at + 30 > source.size) throw invalid(`${header.path} inside the file`, `a local header at ${at}`);
  const local = source.read(at, 30);
  if (local.readUInt32LE(0) !== 0x04034b50) throw invalid(`a local header for ${header.path}`, 'other bytes');
  const start = at + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (start + header.compressedSize > source.size)
    throw invalid(`${header.path} inside the file`, `${header.compressedSize} bytes at ${start}`);
  return start;
}

function refuseEncrypted(header: Header): void {
  if ((header.flags & 1) !== 0)
    throw new ZipFault('zip-encrypted', `expected readable data, got an encrypted entry: ${header.path}`);
}

function invalid(expected: string, got: string): ZipFault {
  return new ZipFault('zip-invalid', `expected ${expected}, got ${got}`);
}

function tooLarge(what: string, limit: number, got: number): ZipFault {
  return new ZipFault('zip-limit', `expected at most ${limit} inflated bytes for ${what}, got ${got}`);
}
