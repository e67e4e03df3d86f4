// The advisory database of a home: opened, brought up to date, described.
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { type Clock, type Home, messageOf } from '../core/index.ts';
import {
  type AdvisoryDatabase,
  AdvisoryFault,
  openToRead,
  readDatabase,
  type SourceInfo,
  type UpdateOptions,
  type UpdateReport,
  updateFile,
} from './advisory/index.ts';

/** Where osv.dev publishes its feeds, FIRST its scores, and CISA its catalogue. */
export const publishers = {
  osv: 'https://osv-vulnerabilities.storage.googleapis.com',
  epss: 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz',
  kev: 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
} as const;

/** The seed ships beside the program: in the source tree and in the bundle alike. */
const seedPlaces = ['../../data/seed.db.zst', './data/seed.db.zst', '../data/seed.db.zst'];

export interface DatabaseUpdate extends Omit<UpdateOptions, 'file'> {
  home: Home;
}

/**
 * The home's database from feeds in the layout osv.dev publishes: the first time all of them, later what changed. What
 * one feed does wrong leaves that feed as it was and is in `refused`. Throws AdvisoryFault `update-locked`,
 * `feed-unknown`, and `feed-unreachable` when not even the names of the feeds can be read.
 */
export function updateDatabase({ home, ...options }: DatabaseUpdate): Promise<UpdateReport> {
  return updateFile({ ...options, file: fileOf(home) });
}

/**
 * The home's own database, else the seed (null: none) that ships with Seaworthy, unpacked into the home the first time;
 * undefined: there is neither. Throws AdvisoryFault `database-unreadable`.
 */
export function openDatabase(home: Home, seed: string | null = findSeed()): AdvisoryDatabase | undefined {
  const own = openToRead(fileOf(home));
  if (own !== undefined) return readDatabase(own, false);
  const unpacked = seed === null ? undefined : openToRead(unpackSeed(home, seed));
  return unpacked === undefined ? undefined : readDatabase(unpacked, true);
}

/**
 * Milliseconds that a source's knowledge is old: of a URL since its last successful check, of a directory or the seed
 * since its newest record. Undefined: it never had one.
 */
export function databaseAge(source: SourceInfo, clock: Clock): number | undefined {
  const since = source.kind === 'url' ? source.checked : source.newest;
  const time = since === undefined ? Number.NaN : Date.parse(since);
  return Number.isNaN(time) ? undefined : Math.max(0, clock.now().getTime() - time);
}

function fileOf(home: Home): string {
  return join(home.dir('database'), 'advisories.db');
}

function findSeed(): string | null {
  const path = seedPlaces
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(place));
  return path ?? null;
}

/** Uncompressed bytes of the seed at most: it is ours, but it is checked like any other. */
const mostSeedBytes = 1 << 28;

/** Under a name of its content, so that another version's seed is another file; older ones go. */
function unpackSeed(home: Home, seed: string): string {
  const folder = home.dir('database');
  const path = join(folder, `seed-${contentOf(seed)}.db`);
  if (existsSync(path)) return path;
  const working = `${path}.${process.pid}.new`;
  try {
    writeFileSync(working, zstdDecompressSync(readFileSync(seed), { maxOutputLength: mostSeedBytes }), {
      mode: 0o600,
      flush: true,
    });
    renameSync(working, path);
  } catch (cause) {
    rmSync(working, { force: true });
    throw new AdvisoryFault('database-unreadable', `expected to unpack the seed, got ${messageOf(cause)}`, {
      cause,
      hint: `Make ${dirname(path)} writable, or choose another home with --home.`,
    });
  }
  for (const entry of readdirSync(folder))
    if (/^seed-[0-9a-f-]+\.db$/.test(entry) && join(folder, entry) !== path)
      rmSync(join(folder, entry), { force: true });
  return path;
}

/** Size and checksum of the content, which a zstd frame ends with (RFC 8878 3.1.1): no need to read it all. */
function contentOf(seed: string): string {
  const file = openSync(seed, 'r');
  try {
    const { size } = fstatSync(file);
    const checksum = Buffer.alloc(4);
    readSync(file, checksum, 0, 4, Math.max(0, size - 4));
    return `${size.toString(16)}-${checksum.toString('hex')}`;
  } finally {
    closeSync(file);
  }
}
