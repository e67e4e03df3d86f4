// A file of a layer, made of bytes, for tests of extractors.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InventoryFault } from '../scan/inventory/fault.ts';
import type { OpenFile } from '../scan/inventory/index.ts';

let folder: string | undefined;
let written = 0;

/** An OpenFile over bytes or text; `onDisk` writes them once below the system's temporary folder. */
export function openBuffer(path: string, content: Uint8Array | string, mode = 0o644): OpenFile {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content)
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  let disk: string | undefined;
  return {
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    size: bytes.length,
    mode,
    head: bytes.subarray(0, 16),
    read: (offset, length) => bytes.subarray(Math.max(0, offset), Math.max(0, offset + length)),
    whole(limit) {
      if (bytes.length > limit)
        throw new InventoryFault('limit-reached', `expected at most ${limit} bytes, got ${bytes.length}`);
      return bytes;
    },
    onDisk() {
      if (disk === undefined) {
        disk = join(temporaryFolder(), String(written++));
        writeFileSync(disk, bytes);
      }
      return disk;
    },
  };
}

function temporaryFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'seaworthy-test-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}
