// rpm's own small database, Packages.db (rpm's rpmpkg.c): pages of slots, each pointing to a blob of a package.
import type { OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Problems } from './problems.ts';

const headerMagic = 0x506d7052; // RpmP
const slotMagic = 0x746f6c53; // Slot
const blobMagic = 0x53626c42; // BlbS
const endMagic = 0x45626c42; // BlbE
const pageBytes = 4096;
const blockBytes = 16;

/** Each package's header; what cannot be read is added to `problems`. Throws InventoryFault. */
export function* readNdb(file: OpenFile, problems: Problems): Generator<Buffer, void, undefined> {
  const header = file.read(0, 32);
  if (header.length < 32 || header.readUInt32LE(0) !== headerMagic || header.readUInt32LE(4) !== 0)
    throw invalid("rpm's Packages.db, version 0", 'another file');
  const pages = header.readUInt32LE(12);
  if (pages === 0 || pages * pageBytes > file.size)
    throw invalid(`${pages} pages of slots`, `${file.size} bytes`);
  let bytesLeft = file.size;
  for (let page = 0; page < pages; page++) {
    const slots = file.read(page * pageBytes, pageBytes);
    // The header takes the first two slots.
    for (let at = page === 0 ? 32 : 0; at < pageBytes; at += 16) {
      if (slots.readUInt32LE(at) !== slotMagic) {
        problems.add(`expected a slot at ${page * pageBytes + at}, got other bytes`);
        continue;
      }
      const index = slots.readUInt32LE(at + 4);
      const offset = slots.readUInt32LE(at + 8);
      if (index === 0 || offset === 0) continue;
      // Slots that share blobs would make a small file give endless packages.
      const length = slots.readUInt32LE(at + 12) * blockBytes;
      bytesLeft -= length;
      if (bytesLeft < 0) throw invalid('blobs that do not overlap', 'more blobs than the file has room for');
      const blob = readBlob(file, index, offset * blockBytes, length);
      if (blob) yield blob;
      else problems.add(`expected package ${index} at ${offset * blockBytes}, got other bytes`);
    }
  }
}

function readBlob(file: OpenFile, index: number, at: number, length: number): Buffer | undefined {
  const blob = file.read(at, length);
  if (blob.length !== length || length < 32) return undefined;
  if (blob.readUInt32LE(0) !== blobMagic || blob.readUInt32LE(4) !== index) return undefined;
  const size = blob.readUInt32LE(12);
  if (blob.readUInt32LE(length - 4) !== endMagic || blob.readUInt32LE(length - 8) !== size) return undefined;
  return 16 + size + 12 <= length ? blob.subarray(16, 16 + size) : undefined;
}

function invalid(expected: string, got: string): InventoryFault {
  return new InventoryFault('inventory-invalid', `expected ${expected}, got ${got}`);
}
