// Berkeley DB hash files, as rpm's Packages is one: reads the values, never the hash. Layout: the headers
// db_page.h describes (meta page, hash pages of key/data pairs, overflow chains).
import type { OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Problems } from './problems.ts';

const hashMagic = 0x061561;
const pageHeader = 26;
const pageTypes = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const itemTypes = { inline: 1, offPage: 3 } as const;
/** Bytes of one value; rpm's own bound for a header is 256 MiB, real ones stay below a tenth. */
const maxValue = 64 << 20;

interface Database {
  file: OpenFile;
  pageSize: number;
  pages: number;
  little: boolean;
}

/** Each value that is a header of rpm; what cannot be read is added to `problems`. Throws InventoryFault. */
export function* readBerkeley(file: OpenFile, problems: Problems): Generator<Buffer, void, undefined> {
  const database = openDatabase(file);
  let pagesLeft = database.pages * 2;
  for (let number = 1; number < database.pages; number++) {
    const page = pageAt(database, number);
    if (page[25] !== pageTypes.hash && page[25] !== pageTypes.hashUnsorted) continue;
    for (const { key, value } of pairsOf(database, page, number, problems)) {
      // Record 0 holds the next free record number.
      if (key.length === 4 && key.readUInt32LE(0) === 0) continue;
      if (value[0] === itemTypes.inline) yield value.subarray(1);
      else if (value[0] !== itemTypes.offPage || value.length < 12)
        problems.add(`expected a value or its page on page ${number}, got another item`);
      else {
        const bytes = overflow(
          database,
          u32(database, value, 4),
          u32(database, value, 8),
          () => pagesLeft-- > 0,
        );
        if (bytes) yield bytes;
        else problems.add(`expected a whole value for an item of page ${number}, got a broken chain`);
      }
    }
  }
}

function openDatabase(file: OpenFile): Database {
  const meta = file.read(0, 512);
  if (meta.length < 512) throw invalid('a page of 512 bytes', `${meta.length}`);
  const little = meta.readUInt32LE(12) === hashMagic;
  if (!little && meta.readUInt32BE(12) !== hashMagic) throw invalid('a Berkeley DB hash', 'another file');
  const pageSize = little ? meta.readUInt32LE(20) : meta.readUInt32BE(20);
  const last = little ? meta.readUInt32LE(32) : meta.readUInt32BE(32);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0)
    throw invalid('a page size from 512 to 65536', `${pageSize}`);
  if (meta[24] !== 0) throw invalid('a database that is not encrypted', 'an encrypted one');
  if ((last + 1) * pageSize > file.size) throw invalid(`${last + 1} pages`, `${file.size} bytes: cut off`);
  return { file, pageSize, pages: last + 1, little };
}

/** Keys and values of a hash page stand at its end, the first last; the index at its start points to them. */
function* pairsOf(
  database: Database,
  page: Buffer,
  number: number,
  problems: Problems,
): Generator<{ key: Buffer; value: Buffer }, void, undefined> {
  const count = u16(database, page, 20);
  if (pageHeader + count * 2 > page.length || count % 2 !== 0)
    return problems.add(`expected pairs of key and value on page ${number}, got ${count} items`);
  let end = page.length;
  for (let n = 0; n < count; n += 2) {
    const key = u16(database, page, pageHeader + n * 2);
    const value = u16(database, page, pageHeader + n * 2 + 2);
    if (key >= end || value >= key || value < pageHeader + count * 2)
      return problems.add(`expected items in order on page ${number}, got others`);
    yield { key: page.subarray(key + 1, end), value: page.subarray(value, key) };
    end = value;
  }
}

/** A value that spans pages: each overflow page says how many bytes it holds and which comes next. */
function overflow(
  database: Database,
  first: number,
  length: number,
  spend: () => boolean,
): Buffer | undefined {
  if (length > maxValue || length > database.file.size) return undefined;
  const parts: Buffer[] = [];
  let got = 0;
  for (let number = first; got < length; ) {
    if (number <= 0 || number >= database.pages || !spend()) return undefined;
    const page = pageAt(database, number);
    if (page[25] !== pageTypes.overflow) return undefined;
    const bytes = page.subarray(pageHeader, pageHeader + u16(database, page, 22));
    if (bytes.length === 0) return undefined;
    parts.push(bytes);
    got += bytes.length;
    number = u32(database, page, 16);
  }
  return Buffer.concat(parts, length);
}

function pageAt(database: Database, number: number): Buffer {
  return database.file.read(number * database.pageSize, database.pageSize);
}

function u16(database: Database, bytes: Buffer, at: number): number {
  return database.little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

function u32(database: Database, bytes: Buffer, at: number): number {
  return database.little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

function invalid(expected: string, got: string): InventoryFault {
  return new InventoryFault('inventory-invalid', `expected ${expected}, got ${got}`);
}
