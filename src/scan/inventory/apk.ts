// Alpine's package database: lib/apk/db/installed, or below usr where a distribution merged it there
// (apk-installed(5): one letter, a colon, a value; an empty line between packages).

import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage, OwnedFiles } from './inventory.ts';
import { readLines } from './lines.ts';
import { Problems } from './problems.ts';
import { isToken } from './token.ts';

export const apk: Extractor = { name: 'apk', version: 1, wants, extract };

function wants(file: FileEntry): boolean {
  return (
    file.name === 'installed' &&
    (file.path === 'lib/apk/db/installed' || file.path === 'usr/lib/apk/db/installed')
  );
}

interface Stanza {
  P?: string;
  V?: string;
  A?: string;
  o?: string;
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const problems = new Problems(file.path);
  const packages: FoundPackage[] = [];
  const owned: OwnedFiles[] = [];
  let stanza: Stanza = {};
  let paths: string[] = [];
  let folder = '';
  let seen = false;
  let filesLeft = context.limits.ownedFiles;
  let bytesLeft = 4 * file.size + (64 << 10);

  const finish = () => {
    if (!seen) return;
    const found = packageOf(stanza, problems);
    const kept = problems.keep(packages, found, context.limits.packages);
    if (kept && paths.length > 0) owned.push({ owner: found.name, paths });
    stanza = {};
    paths = [];
    folder = '';
    seen = false;
  };

  const ended = readLines(file, context.limits.packageFileBytes, (line) => {
    if (line === '') return finish();
    seen = true;
    if (line.charCodeAt(1) !== 0x3a) return problems.add('expected a letter and a colon, got another line');
    const value = line.slice(2);
    const key = line[0]!;
    if (key === 'R') {
      // A hostile file pairs one long directory with countless short names.
      bytesLeft -= folder.length + value.length;
      if (bytesLeft < 0 || --filesLeft < 0)
        problems.addLimit('expected fewer or shorter paths of owned files');
      else paths.push(folder === '' ? value : `${folder}/${value}`);
    } else if (key === 'F') folder = value;
    else if (key === 'P' || key === 'V' || key === 'A' || key === 'o') {
      if (stanza[key] !== undefined) problems.add(`expected one ${key}: in a package, got two`);
      else stanza[key] = value;
    }
  });
  if (!ended) problems.add('expected a line feed at the end, got a file that was cut off');
  finish();
  if (packages.length === 0 && problems.count > 0)
    throw new InventoryFault('inventory-invalid', 'expected installed packages, got text of another form');
  return { packages, owned, undecided: problems.list() };
}

function packageOf(stanza: Stanza, problems: Problems): FoundPackage | undefined {
  const { P: name, V: version, A: arch, o: origin } = stanza;
  if (!isToken(name) || !isToken(version)) {
    problems.add(`expected P: and V:, got ${name ?? 'no name'} ${version ?? 'without a version'}`);
    return undefined;
  }
  const found: FoundPackage = {
    type: 'apk',
    name,
    version,
    source: { name: isToken(origin) ? origin : name, version },
  };
  if (isToken(arch)) found.arch = arch;
  return found;
}
