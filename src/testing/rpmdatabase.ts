// rpm databases for tests in their three forms, around headers that are written here.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Tags by number: strings, lists of strings, numbers (32 bits), lists of numbers. */
export type RpmTags = Record<number, string | readonly string[] | number | readonly number[]>;

/** The one list of 16-bit numbers that is written here. */
const fileModes = 1030;

/** A header blob as rpm keeps it: counts, an index, a store. */
export function rpmHeader(tags: RpmTags): Buffer {
  const index: Buffer[] = [];
  const store: Buffer[] = [];
  let at = 0;
  for (const [tag, value] of Object.entries(tags)) {
    const list = Array.isArray(value) ? value : [value];
    const numbers = typeof list[0] === 'number';
    if (numbers && at % 4 !== 0) {
      store.push(Buffer.alloc(4 - (at % 4)));
      at += 4 - (at % 4);
    }
    const short = Number(tag) === fileModes;
    const data = numbers
      ? Buffer.concat((list as number[]).map((number) => bytesOf(number).subarray(short ? 2 : 0)))
      : Buffer.from((list as string[]).map((text) => `${text}\0`).join(''));
    const type = numbers ? (short ? 3 : 4) : Array.isArray(value) ? 8 : 6;
    index.push(bytesOf(Number(tag), type, at, list.length));
    store.push(data);
    at += data.length;
  }
  return Buffer.concat([bytesOf(index.length, at), ...index, ...store]);
}

/** `Packages.db`: one page of slots, then the blobs. */
export function ndbOf(headers: readonly Buffer[]): Buffer {
  const slots = Buffer.alloc(4096);
  const blobs: Buffer[] = [];
  let at = 4096;
  for (let slot = 32; slot < 4096; slot += 16) slots.write('Slot', slot);
  slots.write('RpmP');
  slots.writeUInt32LE(1, 12);
  for (const [n, header] of headers.entries()) {
    const length = Math.ceil((16 + header.length + 12) / 16) * 16;
    const blob = Buffer.alloc(length);
    blob.write('BlbS');
    blob.writeUInt32LE(n + 1, 4);
    blob.writeUInt32LE(header.length, 12);
    header.copy(blob, 16);
    blob.writeUInt32LE(header.length, length - 8);
    blob.write('BlbE', length - 4);
    const slot = 32 + n * 16;
    slots.writeUInt32LE(n + 1, slot + 4);
    slots.writeUInt32LE(at / 16, slot + 8);
    slots.writeUInt32LE(length / 16, slot + 12);
    blobs.push(blob);
    at += length;
  }
  return Buffer.concat([slots, ...blobs]);
}

const page = 4096;

/** `Packages` of Berkeley DB: a meta page, one hash page, and overflow pages for headers past 1 KiB. */
export function berkeleyOf(headers: readonly Buffer[], order: 'little' | 'big' = 'little'): Buffer {
  const little = order === 'little';
  const u32 = (bytes: Buffer, value: number, at: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  const u16 = (bytes: Buffer, value: number, at: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const pages = [Buffer.alloc(page), Buffer.alloc(page)];
  const items: Buffer[] = [];
  for (const [n, header] of headers.entries()) {
    const key = Buffer.alloc(5, 1);
    u32(key, n + 1, 1);
    items.push(key);
    if (header.length <= 1024) {
      items.push(Buffer.concat([Buffer.from([1]), header]));
      continue;
    }
    const item = Buffer.alloc(12, 3);
    u32(item, pages.length, 4);
    u32(item, header.length, 8);
    items.push(item);
    for (let at = 0; at < header.length; at += page - 26) {
      const piece = header.subarray(at, at + page - 26);
      const overflow = Buffer.alloc(page);
      u32(overflow, at + piece.length < header.length ? pages.length + 1 : 0, 16);
      u16(overflow, piece.length, 22);
      overflow[25] = 7;
      piece.copy(overflow, 26);
      pages.push(overflow);
    }
  }
  const hash = pages[1]!;
  hash[25] = 13;
  u16(hash, items.length, 20);
  let end = page;
  for (const [n, item] of items.entries()) {
    end -= item.length;
    item.copy(hash, end);
    u16(hash, end, 26 + n * 2);
  }
  const meta = pages[0]!;
  u32(meta, 0x061561, 12);
  u32(meta, page, 20);
  meta[25] = 8;
  u32(meta, pages.length - 1, 32);
  return Buffer.concat(pages);
}

/** `rpmdb.sqlite`, written by SQLite itself. */
export function sqliteOf(headers: readonly Buffer[], pageSize = 4096): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-test-'));
  try {
    const database = new DatabaseSync(join(folder, 'rpmdb.sqlite'));
    database.exec(`PRAGMA page_size = ${pageSize}`);
    database.exec('CREATE TABLE Name (key TEXT NOT NULL)');
    database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)');
    const insert = database.prepare('INSERT INTO Packages (blob) VALUES (?)');
    for (const header of headers) insert.run(header);
    database.close();
    return readFileSync(join(folder, 'rpmdb.sqlite'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bytesOf(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [n, number] of numbers.entries()) bytes.writeUInt32BE(number, n * 4);
  return bytes;
}
