// Debian's package database: var/lib/dpkg/status, and status.d of images made without dpkg (deb-control(5)).

import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage } from './inventory.ts';
import { readLines } from './lines.ts';
import { Problems } from './problems.ts';
import { isToken, plainText } from './token.ts';

export const dpkg: Extractor = { name: 'dpkg', version: 1, wants, extract };

function wants(file: FileEntry): boolean {
  const { path } = file;
  if (!path.startsWith('var/lib/dpkg/') && !path.startsWith('usr/lib/dpkg/')) return false;
  if (path.length === 19) return path.endsWith('/status');
  return path.startsWith('status.d/', 13) && !path.endsWith('.md5sums') && path.indexOf('/', 22) < 0;
}

/** Fields of one stanza that matter here. */
interface Stanza {
  Package?: string;
  Version?: string;
  Status?: string;
  Source?: string;
  Architecture?: string;
  Maintainer?: string;
}

const fields = new Map<string, keyof Stanza>(
  (['Package', 'Version', 'Status', 'Source', 'Architecture', 'Maintainer'] as const).map((field) => [
    field.toLowerCase(),
    field,
  ]),
);

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const problems = new Problems(file.path);
  const packages: FoundPackage[] = [];
  const bare = file.path.startsWith('status.d/', 13);
  let stanza: Stanza = {};
  let seen = false;

  const finish = () => {
    if (!seen) return;
    problems.keep(packages, packageOf(stanza, bare, problems), context.limits.packages);
    stanza = {};
    seen = false;
  };

  const ended = readLines(file, context.limits.packageFileBytes, (line) => {
    if (line === '') return finish();
    seen = true;
    const first = line.charCodeAt(0);
    if (first === 0x20 || first === 0x09) return;
    readField(line, stanza, problems);
  });
  // dpkg refuses a status file whose last line does not end: half a version is another version.
  if (!ended && !bare) problems.add('expected a line feed at the end, got a file that was cut off');
  finish();
  if (packages.length === 0 && problems.count > 0)
    throw new InventoryFault('inventory-invalid', `expected dpkg stanzas, got none: ${problems.first}`);
  return { packages, undecided: problems.list() };
}

function readField(line: string, stanza: Stanza, problems: Problems): void {
  const colon = line.indexOf(':');
  if (colon <= 0) problems.add('expected `Field: value`, got a line without a field name');
  // The fields wanted have names of 6, 7, 10 and 12 letters; most lines end here.
  if (colon !== 6 && colon !== 7 && colon !== 10 && colon !== 12) return;
  const field = fields.get(line.slice(0, colon).toLowerCase());
  if (field === undefined) return;
  if (stanza[field] !== undefined) problems.add(`expected one ${field} in a stanza, got two`);
  else stanza[field] = line.slice(colon + 1).trim();
}

function packageOf(stanza: Stanza, bare: boolean, problems: Problems): FoundPackage | undefined {
  const { Package: name, Version: version, Status: status } = stanza;
  if (status === undefined ? !bare : status.split(/[ \t]+/, 4)[2] !== 'installed') {
    if (name === undefined) problems.add('expected a Package field in each stanza, got a stanza without one');
    return undefined;
  }
  if (!isToken(name) || !isToken(version)) {
    problems.add(`expected Package and Version, got ${name ?? 'no name'} ${version ?? 'without a version'}`);
    return undefined;
  }
  const found: FoundPackage = { type: 'deb', name, version, source: sourceOf(stanza, name, version) };
  if (isToken(stanza.Architecture)) found.arch = stanza.Architecture;
  if (stanza.Maintainer) found.maintainer = plainText(stanza.Maintainer);
  return found;
}

/** `Source: name (version)`; both default to the binary's. A rebuild's `+b1` is in the binary's version only. */
function sourceOf(stanza: Stanza, name: string, version: string): { name: string; version: string } {
  const source = stanza.Source;
  if (source === undefined) return { name, version };
  const open = source.indexOf('(');
  if (open < 0) return { name: isToken(source) ? source : name, version };
  const sourceName = source.slice(0, open).trim();
  const sourceVersion = source.slice(open + 1, source.lastIndexOf(')')).trim();
  return {
    name: isToken(sourceName) ? sourceName : name,
    version: isToken(sourceVersion) ? sourceVersion : version,
  };
}
