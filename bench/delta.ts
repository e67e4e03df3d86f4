// 1,000 changed advisories over 10,000 stored inventories: what they touch is found, judged and told, on SQLite (a file)
// and on PostgreSQL where it is installed, with a reader beside it. Advisories: ../shared/data/osv.
//   node bench/delta.ts [IMAGES [ADVISORIES]]      default: 10000 1000
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { startPostgres } from '../interop/postgresserver.ts';
import { openHome, systemClock } from '../src/core/index.ts';
import { type Ledger, openLedger } from '../src/ledger/index.ts';
import { readArchive } from '../src/scan/advisory/archive.ts';
import { type AdvisoryDatabase, openDatabase, updateDatabase } from '../src/scan/index.ts';
import { analyserVersion, type Inventory, type Package } from '../src/scan/inventory/index.ts';
import { rejudge } from '../src/server/hubadvisories.ts';
import { alma9, alpine318, debian12, inventoryOf, packageOf } from '../src/testing/inventories.ts';
import { zipOf } from '../src/testing/ziparchive.ts';
import { keepItems, noteAdvisories, rejudgeBatch, type WatchTables, watchBook } from '../src/watch/index.ts';

const images = Number(process.argv[2] ?? 10_000);
const advisories = Number(process.argv[3] ?? 1000);
const osv = join(import.meta.dirname, '../../shared/data/osv');
const feeds = ['Debian', 'Alpine', 'AlmaLinux', 'npm', 'PyPI', 'Maven', 'Go'];
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-delta-'));
const say = (text: string) => process.stdout.write(`${text}\n`);
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(2);

let state = 42;
function random(below: number): number {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
  return ((state ^ (state >>> 13)) >>> 0) % below;
}

type Named = [name: string, versions: string[]];

interface Affected {
  package?: { ecosystem: string; name: string };
  ranges?: { events?: { fixed?: string }[] }[];
}

/** A few records are malformed on purpose. */
function affectedOf(text: string): Affected[] {
  try {
    return (JSON.parse(text) as { affected?: Affected[] }).affected ?? [];
  } catch {
    return [];
  }
}

/** Names and versions of a feed's records, so that images hold what advisories speak of. */
function namesOf(feed: string, release: string): { names: Named[]; ids: string[] } {
  const listed = readFileSync(join(osv, feed, 'modified_id.csv'), 'utf8')
    .trim()
    .split('\n');
  const ids = new Set(listed.map((one) => one.split(',')[1]!));
  const names = new Map<string, Set<string>>();
  const those: string[] = [];
  const counts = new Map<string, number>();
  for (const [id, text] of readArchive(join(osv, feed, 'all.zip'), ids)) {
    for (const { package: named, ranges } of affectedOf(text)) {
      if (named?.ecosystem !== release) continue;
      those.push(id);
      counts.set(named.name, (counts.get(named.name) ?? 0) + 1);
      const versions = names.get(named.name) ?? new Set();
      for (const range of ranges ?? [])
        for (const { fixed } of range.events ?? []) if (fixed !== undefined) versions.add(fixed);
      if (versions.size > 0) names.set(named.name, versions);
    }
  }
  // kernels and browsers are in no image
  for (const [name, count] of counts) if (count > 100) names.delete(name);
  return { names: [...names].map(([name, versions]) => [name, [...versions]]), ids: [...new Set(those)] };
}

const systems = [
  { os: debian12, type: 'deb', ...namesOf('Debian', 'Debian:12') },
  { os: alpine318, type: 'apk', ...namesOf('Alpine', 'Alpine:v3.18') },
  { os: alma9, type: 'rpm', ...namesOf('AlmaLinux', 'AlmaLinux:9') },
];
const languages = [
  { type: 'npm', ...namesOf('npm', 'npm') },
  { type: 'pypi', ...namesOf('PyPI', 'PyPI') },
  { type: 'maven', ...namesOf('Maven', 'Maven') },
  { type: 'golang', ...namesOf('Go', 'Go') },
];

function packagesOf(type: string, names: readonly Named[], count: number, layer: string): Package[] {
  return Array.from({ length: count }, () => {
    const [name, versions] = names[random(names.length)]!;
    const [group, artifact] = type === 'maven' ? name.split(':') : [undefined, name];
    const more = group === undefined ? { layer } : { layer, namespace: group };
    return packageOf(
      type,
      artifact!,
      versions[versions.length - 1 - random(Math.min(2, versions.length))]!,
      more,
    );
  });
}

/** 40 bases of 100 to 250 packages, 300 middle layers, and an application of 40 to 160 packages in each image. */
const bases = Array.from({ length: 40 }, (_, at) => {
  const system = systems[at % systems.length]!;
  return { os: system.os, packages: packagesOf(system.type, system.names, 100 + random(150), `base${at}`) };
});
const middles = Array.from({ length: 300 }, (_, at) => {
  const base = bases[at % bases.length]!;
  const { type, names } = languages[at % languages.length]!;
  return { base, type, names, packages: packagesOf(type, names, 20 + random(60), `middle${at}`) };
});

function* fleet(): Generator<{ digest: string; inventory: Inventory }> {
  for (let at = 0; at < images; at++) {
    const { base, type, names, packages } = middles[random(middles.length)]!;
    const own = packagesOf(type, names, 40 + random(120), `app${at}`);
    const digest = `sha256:${createHash('sha256').update(String(at)).digest('hex')}`;
    yield { digest, inventory: inventoryOf(base.os, [...base.packages, ...packages, ...own]) };
  }
}

/** Records of the fleet's ecosystems, half of which lose their fix. */
function changedFeeds(): string {
  const from = join(work, 'changed');
  const all = [...systems, ...languages].flatMap(({ ids }) => ids);
  const chosen = new Set<string>();
  while (chosen.size < Math.min(advisories, all.length)) chosen.add(all[random(all.length)]!);
  for (const feed of feeds) {
    const lines: string[] = [];
    const wanted = new Set<string>();
    for (const one of readFileSync(join(osv, feed, 'modified_id.csv'), 'utf8')
      .trim()
      .split('\n')) {
      const id = one.split(',')[1]!;
      if (chosen.has(id)) wanted.add(id);
      lines.push(chosen.has(id) ? `2026-11-27T00:00:00Z,${id}` : one);
    }
    const files = [...readArchive(join(osv, feed, 'all.zip'), wanted)].map(([id, text], at) => ({
      path: `${id}.json`,
      bytes: JSON.stringify({
        ...JSON.parse(at % 2 === 0 ? text.replaceAll(/"fixed":\s*"[^"]*"/g, '"fixed": "99999"') : text),
        modified: '2026-11-27T00:00:00Z',
      }),
    }));
    mkdirSync(join(from, feed), { recursive: true });
    writeFileSync(join(from, feed, 'modified_id.csv'), `${lines.join('\n')}\n`);
    writeFileSync(join(from, feed, 'all.zip'), zipOf(files));
  }
  return from;
}

async function measure(name: string, url: string): Promise<void> {
  const home = openHome(join(work, name));
  const update = (from: string) =>
    updateDatabase({
      home,
      from,
      ecosystems: feeds,
      acceptShrink: [],
      clock: systemClock,
      fetch: () => Promise.reject(new Error('nothing to fetch')),
    });
  await update(osv);
  let database: AdvisoryDatabase | undefined = openDatabase(home, null);
  const ledger = await openLedger({ url, books: [watchBook] });
  const judging = { ledger, clock: systemClock, database: () => database };
  let since = performance.now();
  await fill(ledger, judging);
  const count = async (table: 'watch_items' | 'watch_item_findings' | 'watch_findings') =>
    (
      await ledger
        .read<WatchTables>()
        .selectFrom(table)
        .select((of) => of.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
    ).n;
  say(
    `${name}: ${images} inventories kept in ${seconds(since)} s: ${await count('watch_items')} different packages, ${await count('watch_item_findings')} findings of them, ${await count('watch_findings')} of images`,
  );
  await ledger.write<WatchTables, boolean>((write) =>
    noteAdvisories(write, { before: '', revision: database!.revision, changed: 'all' }),
  );
  await ledger.write<WatchTables, void>(async (write) => {
    await write.updateTable('watch_items').set({ stale: 0 }).execute();
  });
  const from = changedFeeds();
  since = performance.now();
  const report = await update(from);
  database?.close();
  database = openDatabase(home, null);
  const { changed } = report;
  say(
    `  feeds read and the database written in ${seconds(since)} s; ${changed === 'all' ? 'all' : `${changed.packages.length} packages, ${changed.ids.length} ids`} changed`,
  );
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const reader = readMeanwhile(ledger);
  const began = performance.now();
  since = began;
  await ledger.write<WatchTables, boolean>((write) => noteAdvisories(write, report));
  const noted = seconds(since);
  since = performance.now();
  let judged = 0;
  for (;;) {
    const batch = await rejudgeBatch(judging);
    if (batch === undefined || batch.judged === 0) break;
    judged += batch.judged;
  }
  const rejudged = seconds(since);
  since = performance.now();
  let tags = 0;
  const log = { info: (told: { tags: number }) => (tags = told.tags) };
  const parts = { observing: judging, ledger, clock: systemClock, log } as unknown as Parameters<
    typeof rejudge
  >[0];
  const job = { signal: new AbortController().signal } as Parameters<typeof rejudge>[1];
  await rejudge(parts, job);
  const told = seconds(since);
  const all = seconds(began);
  delay.disable();
  const reads = (await reader.stop()).sort((a, b) => a - b);
  say(
    `  touched packages marked in ${noted} s, ${judged} judged again in ${rejudged} s, ${tags} tags told in ${told} s: ${all} s`,
  );
  say(
    `  longest stall of the event loop ${(delay.max / 1e6).toFixed(0)} ms; a read meanwhile: ${reads.length}, p50 ${reads[Math.floor(reads.length / 2)]!.toFixed(1)} ms, p99 ${reads[Math.floor(reads.length * 0.99)]!.toFixed(1)} ms, longest ${reads.at(-1)!.toFixed(1)} ms`,
  );
  database?.close();
  await ledger.close();
}

function readMeanwhile(ledger: Ledger): { stop(): Promise<number[]> } {
  const took: number[] = [];
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const since = performance.now();
      await ledger
        .read<WatchTables>()
        .selectFrom('watch_findings')
        .innerJoin('watch_tags', 'watch_tags.digest', 'watch_findings.digest')
        .select('watch_tags.reference')
        .where('watch_findings.id', '=', 'CVE-2023-4863')
        .limit(100)
        .execute();
      took.push(performance.now() - since);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await reading;
      return took;
    },
  };
}

async function fill(ledger: Ledger, judging: Parameters<typeof keepItems>[0]): Promise<void> {
  let batch: { digest: string; inventory: Inventory }[] = [];
  const flush = async () => {
    const some = batch;
    batch = [];
    await ledger.write<WatchTables, void>(async (write) => {
      const platform = 'linux/amd64';
      await write
        .insertInto('watch_images')
        .values(
          some.map(({ digest, inventory }) => ({
            digest,
            platform,
            target: '{}',
            inventory: gzipSync(JSON.stringify(inventory), { level: 1 }),
            analyser: analyserVersion,
            seen_at: 1,
          })),
        )
        .execute();
      await write
        .insertInto('watch_platforms')
        .values(some.map(({ digest }) => ({ parent: digest, platform, digest })))
        .execute();
      await write
        .insertInto('watch_tags')
        .values(
          some.map(({ digest }) => ({
            reference: `r.example/${digest.slice(7, 27)}:1`,
            domain: 'r.example',
            repository: digest.slice(7, 27),
            tag: '1',
            role: 'image' as const,
            digest,
            media_type: null,
            looked_at: 1,
            moved_at: 1,
            trouble: null,
          })),
        )
        .execute();
    });
    await keepItems(judging, some);
  };
  for (const one of fleet()) {
    batch.push(one);
    if (batch.length >= 100) await flush();
  }
  if (batch.length > 0) await flush();
}

try {
  if (readdirSync(osv).length === 0) throw new Error('expected advisories');
  await measure('SQLite', `sqlite:${join(work, 'ledger.db')}`);
  state = 42;
  const server = await startPostgres().catch(() => undefined);
  if (server !== undefined)
    try {
      await measure('PostgreSQL', server.url);
    } finally {
      await server.stop();
    }
} finally {
  rmSync(work, { recursive: true, force: true });
}
