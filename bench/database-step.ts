// One step of bench/database.ts in a process of its own; prints its figures as JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../src/core/index.ts';
import { type AdvisoryRow, openToRead, readDatabase, updateFile } from '../src/scan/advisory/index.ts';

const [kind, file, from, shared] = process.argv.slice(2) as [string, string, string, string];
console.log(JSON.stringify(kind === 'build' ? await build() : look()));

async function build(): Promise<Record<string, number>> {
  const start = performance.now();
  const report = await updateFile({
    file,
    from,
    ecosystems: 'all',
    epss: join(shared, 'epss/epss_scores-2026-08-16.csv.gz'),
    kev: join(shared, 'kev/known_exploited_vulnerabilities.json'),
    acceptShrink: [],
    clock: systemClock,
    fetch: () => Promise.reject(new Error('nothing to fetch')),
  });
  if (report.refused.length > 0) throw report.refused[0]!.fault;
  return { seconds: (performance.now() - start) / 1000, memory: peak() };
}

/** MB: not resourceUsage, whose maximum is begun by the parent's memory. */
function peak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

/** Every eighth package of the Debian and AlmaLinux releases: an image looks up as many. */
function look(): Record<string, number> {
  const start = performance.now();
  const db = openToRead(file)!;
  const database = readDatabase(db, false);
  const open = performance.now() - start;
  const keys = db
    .prepare(`SELECT e.name AS ecosystem, p.name FROM package p JOIN ecosystem e USING (ecosystem) WHERE package % 8 = 0
      AND (e.name LIKE 'Debian:%' OR e.name LIKE 'AlmaLinux:%')`)
    .all()
    .map((row) => [String(row['ecosystem']), String(row['name'])] as const)
    .slice(0, 1000);
  let rows = 0;
  const time = (read: (row: AdvisoryRow) => unknown) => {
    rows = 0;
    const begin = performance.now();
    for (const [ecosystem, name] of keys)
      for (const row of database.lookup(ecosystem, name)) {
        read(row);
        rows++;
      }
    return ((performance.now() - begin) / keys.length) * 1000;
  };
  const lookup = time((row) => row.ranges);
  const full = time((row) => JSON.stringify(row));
  return { open, lookup, full, rows: rows / keys.length };
}
