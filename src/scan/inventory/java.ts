// Java archives: jar, war, ear and their kin, in one another to any depth. Each pom.properties is a package,
// shaded ones too; an archive without its own is named by its manifest or file name.
import {
  bufferSource,
  readZip,
  type ZipBudget,
  type ZipEntry,
  ZipFault,
  type ZipSource,
} from '../../core/index.ts';
import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage } from './inventory.ts';
import { packageOfNames, parseManifest, splitStem } from './jarnames.ts';
import { Problems } from './problems.ts';
import { isToken } from './token.ts';
import { windowed } from './window.ts';

export const java: Extractor = { name: 'java', version: 1, wants, extract };

const endings = new Set([
  'jar',
  'war',
  'ear',
  'par',
  'sar',
  'nar',
  'kar',
  'jpi',
  'hpi',
  'rar',
  'lpkg',
  'aar',
]);

/** Whether a name ends as Java archives do. */
function isArchiveName(name: string): boolean {
  const dot = name.lastIndexOf('.');
  return dot > 0 && name.length - dot <= 5 && endings.has(name.slice(dot + 1).toLowerCase());
}

function wants({ name, head }: FileEntry): boolean {
  if (!isArchiveName(name)) return false;
  // The rarer endings mean other things too; jars and wars may stand behind a launcher script.
  return /\.[jw]ar$/i.test(name) || (head[0] === 0x50 && head[1] === 0x4b);
}

/** One reading of an outer archive: the budget and what was found, shared by all that it holds. */
interface Reading {
  context: ExtractContext;
  budget: ZipBudget;
  problems: Problems;
  packages: FoundPackage[];
  /** Entries that may still be listed, over all archives: stored ones can share their bytes without end. */
  entriesLeft: number;
  /** Bytes that the places of packages may still take: many in one place with a long name repeat it. */
  placesLeft: number;
}

const placeBytes = 16 << 20;

/** What opening an archive costs of `entriesLeft`. */
const entriesOfOpening = 100;

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const { archiveBytes } = context.limits;
  if (file.size > archiveBytes)
    throw new InventoryFault('limit-reached', `expected at most ${archiveBytes} bytes, got ${file.size}`);
  const reading: Reading = {
    context,
    budget: { inflatedBytes: 0 },
    problems: new Problems(file.path),
    packages: [],
    entriesLeft: context.limits.archiveEntries * 4,
    placesLeft: placeBytes,
  };
  readArchive(reading, file, file.name, '', 1);
  return { packages: reading.packages, undecided: reading.problems.list() };
}

/** The entries of one archive that matter. */
interface Contents {
  properties: ZipEntry[];
  poms: string[];
  manifest: ZipEntry | undefined;
  archives: ZipEntry[];
}

/** `inside` is the archive's path within the outermost one, empty for that. */
function readArchive(reading: Reading, source: ZipSource, name: string, inside: string, depth: number): void {
  const contents = guarded(reading, inside, () => listContents(reading, windowed(source)));
  if (contents === undefined) return;
  identify(reading, contents, name, inside);
  for (const entry of contents.archives) {
    const path = inside === '' ? entry.path : `${inside}!/${entry.path}`;
    if (depth >= reading.context.limits.archiveDepth) {
      reading.problems.addLimit(`expected at most ${depth} archives in one another, got ${path}`);
      continue;
    }
    const nested = guarded(reading, path, () => openNested(reading, entry));
    if (nested) readArchive(reading, nested, baseName(entry.path), path, depth + 1);
  }
}

function listContents(reading: Reading, source: ZipSource): Contents {
  const contents: Contents = { properties: [], poms: [], manifest: undefined, archives: [] };
  reading.entriesLeft -= entriesOfOpening;
  for (const entry of readZip(source, reading.context.limits, reading.budget)) {
    const { path } = entry;
    if (--reading.entriesLeft < 0)
      throw new ZipFault('zip-limit', 'expected fewer entries in all archives, got more');
    if (path.endsWith('.class')) continue;
    if (path.endsWith('/pom.properties')) contents.properties.push(entry);
    else if (path.endsWith('/pom.xml') && path.startsWith('META-INF/maven/')) contents.poms.push(path);
    else if (path === 'META-INF/MANIFEST.MF') contents.manifest ??= entry;
    else if (isArchiveName(path) && entry.size > 0) contents.archives.push(entry);
  }
  return contents;
}

/** Stored archives are read in place; deflated ones come into memory, up to the bound of a package file. */
function openNested(reading: Reading, entry: ZipEntry): ZipSource {
  return entry.stored() ?? bufferSource(inflate(reading, entry, reading.context.limits.packageFileBytes));
}

/** The bytes of an entry, if they are worth it: what is refused here costs nothing of the budget of the others. */
function inflate(reading: Reading, entry: ZipEntry, limit: number): Buffer {
  const left = reading.context.limits.archiveInflatedBytes - reading.budget.inflatedBytes;
  if (entry.size > Math.min(limit, left))
    throw new ZipFault('zip-limit', `expected at most ${Math.min(limit, left)} bytes, got ${entry.size}`);
  // Deflate grows what it cannot shrink by less than this: more packed bytes have no honest reason.
  if (entry.compressedSize > entry.size + (entry.size >> 8) + 64)
    throw new ZipFault(
      'zip-invalid',
      `expected ${entry.size} bytes, got ${entry.compressedSize} packed ones`,
    );
  return entry.inflate(limit);
}

/** Adds the packages of one archive: its own, and those that were shaded into it. */
function identify(reading: Reading, contents: Contents, name: string, inside: string): void {
  const stem = name.slice(0, name.lastIndexOf('.'));
  const described = contents.properties.flatMap((entry) => {
    const found = guarded(reading, join(inside, entry.path), () => parseProperties(reading, entry));
    return found ? [{ found, path: entry.path }] : [];
  });
  const named = described.filter(({ found }) => isNamedAfter(stem, found));
  const own =
    named.find(({ found }) => stem === `${found.name}-${found.version}`) ??
    named[0] ??
    (described.length === 1 && !isSomethingElse(stem, described) ? described[0] : undefined);
  for (const entry of described) add(reading, entry.found, entry === own ? inside : join(inside, entry.path));
  if (own === undefined && isSomethingElse(stem, described)) {
    const found = nameArchive(reading, contents, stem, inside);
    if (found) add(reading, found, inside);
  }
}

function isNamedAfter(stem: string, { name }: FoundPackage): boolean {
  return stem === name || stem.startsWith(`${name}-`);
}

/**
 * Whether the archive is something besides what it describes: nothing describes it, or its file name is of
 * another version than all of those that do, as when one library was shaded into another.
 */
function isSomethingElse(stem: string, described: readonly { found: FoundPackage }[]): boolean {
  const { version } = splitStem(stem);
  if (described.length === 0) return true;
  return version !== undefined && !described.some(({ found }) => found.version === version);
}

function nameArchive(
  reading: Reading,
  contents: Contents,
  stem: string,
  inside: string,
): FoundPackage | undefined {
  // Sources and documentation run nowhere.
  if (/-(?:sources|javadoc)$/.test(stem)) return undefined;
  const { manifest } = contents;
  const limit = reading.context.limits.documentBytes;
  const text =
    manifest && guarded(reading, join(inside, manifest.path), () => inflate(reading, manifest, limit));
  const found = packageOfNames(stem, parseManifest(text?.toString('utf8') ?? ''));
  const pom = contents.properties.length === 0 && contents.poms.length === 1 ? contents.poms[0] : undefined;
  const [namespace, artifact] = pom?.split('/').slice(2) ?? [];
  if (!isToken(namespace) || !isToken(artifact) || pom!.split('/').length !== 5) return found;
  const version = stem.startsWith(`${artifact}-`) ? stem.slice(artifact.length + 1) : found?.version;
  return isToken(version) ? { type: 'maven', namespace, name: artifact, version } : found;
}

const propertyBytes = 64 << 10;

function parseProperties(reading: Reading, entry: ZipEntry): FoundPackage | undefined {
  const values = new Map<string, string>();
  for (const line of inflate(reading, entry, propertyBytes).toString('utf8').split('\n')) {
    const match = /^\s*(groupId|artifactId|version)\s*[=:]/.exec(line);
    if (match) values.set(match[1]!, line.slice(match[0].length).trim());
  }
  const [namespace, name, version] = ['groupId', 'artifactId', 'version'].map((key) => values.get(key));
  if (isToken(namespace) && isToken(name) && isToken(version) && !version.includes('${'))
    return { type: 'maven', namespace, name, version };
  // Other tools leave files of this name elsewhere; below META-INF/maven one without coordinates is broken.
  if (/(?:^|\/)META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(entry.path))
    reading.problems.add(`expected groupId, artifactId and version in ${entry.path}, got other text`);
  return undefined;
}

function add(reading: Reading, found: FoundPackage, inside: string): void {
  const { packages } = reading.context.limits;
  reading.placesLeft -= inside.length;
  if (reading.placesLeft < 0) reading.problems.addLimit('expected shorter paths inside, got more');
  else if (reading.packages.length < packages)
    reading.packages.push(inside === '' ? found : { ...found, inside });
  else reading.problems.addLimit(`expected at most ${packages} packages, got more`);
}

/** Runs one step; what a broken part of the archive throws is kept as a problem, and the rest is read on. */
function guarded<T>(reading: Reading, inside: string, step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof ZipFault)) throw error;
    const message = inside === '' ? error.message : `${inside}: ${error.message}`;
    if (error.code === 'zip-limit') reading.problems.addLimit(message);
    else reading.problems.add(message);
    return undefined;
  }
}

function join(inside: string, path: string): string {
  return inside === '' ? path : `${inside}!/${path}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
