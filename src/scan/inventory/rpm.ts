// rpm's package database in its three forms: Berkeley DB hash, NDB, SQLite; and the manifest that Azure Linux
// leaves in distroless images instead of one.

import { readBerkeley } from './berkeley.ts';
import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage, OwnedFiles } from './inventory.ts';
import { readNdb } from './ndb.ts';
import { Problems } from './problems.ts';
import { parseRpmHeader } from './rpmheader.ts';
import { readSqliteTable } from './sqlite.ts';

export const rpm: Extractor = { name: 'rpm', version: 1, wants, extract };

const folders = ['usr/lib/sysimage/rpm/', 'var/lib/rpm/', 'usr/share/rpm/'] as const;

/** File names of rpm's databases, the newest form first: after an upgrade the older one may stay behind. */
const rpmDatabases = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;

const log = 'rpmdb.sqlite-wal';

function wants({ name, path, size }: FileEntry): boolean {
  if (!(rpmDatabases as readonly string[]).includes(name) && (name !== log || size === 0)) return false;
  return folders.some((folder) => path.length === folder.length + name.length && path.startsWith(folder));
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  if (file.size > context.limits.packageFileBytes)
    throw new InventoryFault(
      'limit-reached',
      `expected at most ${context.limits.packageFileBytes} bytes, got ${file.size}`,
    );
  const problems = new Problems(file.path);
  if (file.name === log) {
    problems.add(
      'expected an rpm database that was closed, got a write-ahead log that may hold newer packages',
    );
    return { undecided: problems.list() };
  }
  const packages: FoundPackage[] = [];
  const owned: OwnedFiles[] = [];
  let filesLeft = context.limits.ownedFiles;
  try {
    for (const blob of headersOf(file, problems)) {
      const read = readHeader(blob, problems);
      if (!read) continue;
      if (!problems.keep(packages, read.found, context.limits.packages)) break;
      filesLeft -= read.files?.length ?? 0;
      if (read.files === undefined || filesLeft < 0)
        problems.addLimit('expected fewer or shorter paths of one package');
      else if (read.files.length > 0) owned.push({ owner: read.found.name, paths: read.files });
    }
  } catch (error) {
    // What was read before the damage is kept; nothing read is a fault of the whole file.
    if (!(error instanceof InventoryFault) || packages.length === 0) throw error;
    problems.add(error.message);
  }
  if (packages.length === 0 && problems.count > 0)
    throw new InventoryFault('inventory-invalid', `expected packages, got none: ${problems.first}`);
  return { packages, owned, undecided: problems.list() };
}

function* headersOf(file: OpenFile, problems: Problems): Generator<Buffer, void, undefined> {
  if (file.name === 'Packages') return yield* readBerkeley(file, problems);
  if (file.name === 'Packages.db') return yield* readNdb(file, problems);
  for (const [, blob] of readSqliteTable(file, 'Packages'))
    if (Buffer.isBuffer(blob)) yield blob;
    else problems.add('expected a header in each row, got a row without one');
}

function readHeader(blob: Buffer, problems: Problems): ReturnType<typeof parseRpmHeader> {
  try {
    return parseRpmHeader(blob);
  } catch (error) {
    if (!(error instanceof InventoryFault)) throw error;
    problems.add(error.message);
    return undefined;
  }
}
