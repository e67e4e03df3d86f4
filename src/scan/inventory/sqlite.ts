// The rows of one table of an SQLite file, read without SQLite: bounded whatever the file says (SQLite's "Database
// File Format": sections 1.3 header, 1.6 b-tree pages, 2.1 records, 2.6 schema).
import type { OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';

/** A column's value: bytes for text and blobs, numbers for integers, undefined for the others. */
export type SqliteValue = Buffer | number | undefined;

interface Database {
  file: OpenFile;
  pageSize: number;
  /** Bytes of a page that hold content. */
  usable: number;
  pages: number;
  /** Pages that may still be read: a page that is met again and again ends the reading. */
  left: number;
  /** Bytes of rows that may still be read: cells that share their bytes end it as well. */
  bytesLeft: number;
}

const magic = 'SQLite format 3\0';
const maxDepth = 20;

/** The rows of the table `name`, in the order of its b-tree. Throws InventoryFault for a damaged file. */
export function* readSqliteTable(file: OpenFile, name: string): Generator<SqliteValue[], void, undefined> {
  const database = openDatabase(file);
  for (const row of readTree(database, 1, 0)) {
    const [type, tableName, , root] = row;
    if (isText(type, 'table') && isText(tableName, name) && typeof root === 'number')
      return yield* readTree(openDatabase(file), root, 0);
  }
  throw invalid(`a table ${name}`, 'a schema without it');
}

function isText(value: SqliteValue, text: string): boolean {
  return Buffer.isBuffer(value) && value.toString('latin1') === text;
}

function openDatabase(file: OpenFile): Database {
  const header = file.read(0, 100);
  if (header.length < 100 || header.toString('latin1', 0, 16) !== magic)
    throw invalid('an SQLite database', 'another file');
  const stated = header.readUInt16BE(16);
  const pageSize = stated === 1 ? 65536 : stated;
  const usable = pageSize - header[20]!;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0 || usable < 480)
    throw invalid('a page size from 512 to 65536', `${pageSize}`);
  if (header.readUInt32BE(56) > 1) throw invalid('text in UTF-8', 'another encoding');
  const pages = Math.floor(file.size / pageSize);
  const inHeader = header.readUInt32BE(28);
  // The header's count is valid only when both change counters agree (section 1.3.7).
  if (header.readUInt32BE(24) === header.readUInt32BE(92) && inHeader > pages)
    throw invalid(`${inHeader} pages`, `${pages}: cut off`);
  return { file, pageSize, usable, pages, left: pages * 2, bytesLeft: file.size };
}

function* readTree(
  database: Database,
  number: number,
  depth: number,
): Generator<SqliteValue[], void, undefined> {
  if (depth > maxDepth) throw invalid(`a tree of at most ${maxDepth} levels`, 'a deeper one');
  const page = pageAt(database, number);
  const start = number === 1 ? 100 : 0;
  const kind = page[start];
  if (kind !== 5 && kind !== 13) throw invalid('a page of a table', `type ${kind}`);
  const cells = page.readUInt16BE(start + 3);
  const pointers = start + (kind === 5 ? 12 : 8);
  if (pointers + cells * 2 > page.length) throw invalid('cells inside their page', `${cells} of them`);
  for (let n = 0; n < cells; n++) {
    const cell = page.readUInt16BE(pointers + n * 2);
    if (cell + 4 > page.length) throw invalid('a cell inside its page', `one at ${cell}`);
    if (kind === 5) yield* readTree(database, page.readUInt32BE(cell), depth + 1);
    else yield readRecord(readPayload(database, page, cell));
  }
  if (kind === 5) yield* readTree(database, page.readUInt32BE(start + 8), depth + 1);
}

/** Payload of a leaf cell: what fits is in the page, the rest in a chain of overflow pages (section 1.6). */
function readPayload(database: Database, page: Buffer, cell: number): Buffer {
  const length = varint(page, cell);
  const start = varint(page, length.next).next;
  database.bytesLeft -= length.value;
  if (database.bytesLeft < 0) throw invalid('rows that fit in the file', 'more bytes than it has');
  const { usable } = database;
  const most = usable - 35;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const spread = least + ((length.value - least) % (usable - 4));
  const local = length.value <= most ? length.value : spread <= most ? spread : least;
  const inPage = page.subarray(start, start + local);
  if (inPage.length !== local) throw invalid('a row inside its page', 'one past it');
  if (local === length.value) return inPage;
  if (start + local + 4 > page.length) throw invalid('an overflow page for a long row', 'none');
  const parts = [inPage];
  let next = page.readUInt32BE(start + local);
  for (let got = local; got < length.value; ) {
    const more = pageAt(database, next);
    const bytes = more.subarray(4, Math.min(usable, 4 + length.value - got));
    parts.push(bytes);
    got += bytes.length;
    next = more.readUInt32BE(0);
  }
  return Buffer.concat(parts, length.value);
}

/** A record: the length of its header, a type for each column, then the values (section 2.1). */
function readRecord(payload: Buffer): SqliteValue[] {
  const header = varint(payload, 0);
  if (header.value > payload.length) throw invalid('a record with its header', 'a shorter one');
  const values: SqliteValue[] = [];
  let at = header.value;
  for (let type = header.next; type < header.value; ) {
    const { value: serial, next } = varint(payload, type);
    type = next;
    const size = serial >= 12 ? (serial - (serial % 2 === 0 ? 12 : 13)) / 2 : (fixedSizes[serial] ?? 0);
    if (at + size > payload.length) throw invalid('values inside their record', 'one past its end');
    if (serial >= 12) values.push(payload.subarray(at, at + size));
    else if (serial >= 1 && serial <= 5) values.push(payload.readIntBE(at, size));
    else values.push(serial === 8 ? 0 : serial === 9 ? 1 : undefined);
    at += size;
  }
  return values;
}

/** Bytes of the serial types below 12: null, integers, float, 0, 1. */
const fixedSizes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0];

/** 7 bits a byte, the highest first; nine bytes at most (section 1.6), of which none may pass 2^53 here. */
function varint(bytes: Buffer, from: number): { value: number; next: number } {
  let value = 0;
  for (let at = from; at < from + 8; at++) {
    const byte = bytes[at];
    if (byte === undefined) throw invalid('a number', 'the end of the page');
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + 1 };
  }
  return { value: value * 256 + (bytes[from + 8] ?? 0), next: from + 9 };
}

function pageAt(database: Database, number: number): Buffer {
  if (number < 1 || number > database.pages) throw invalid(`a page from 1 to ${database.pages}`, `${number}`);
  if (database.left-- <= 0) throw invalid('each page once', 'pages that are met again');
  return database.file.read((number - 1) * database.pageSize, database.pageSize);
}

function invalid(expected: string, got: string): InventoryFault {
  return new InventoryFault('inventory-invalid', `expected ${expected}, got ${got}`);
}
