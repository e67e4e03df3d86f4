// The advisory database at one and at ten times the shared records: building, deltas, look-ups, memory.
// node bench/database.ts [copies]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, defaultLimits, readZip } from '../src/core/index.ts';
import { zipOf } from './zip.ts';

const shared = new URL('../../shared/data/', import.meta.url).pathname;
const copies = Number(process.argv[2] ?? 10);
const folder = mkdtempSync(join(tmpdir(), 'bench-database-'));

try {
  const small = measure(join(shared, 'osv'), 'one');
  const large = measure(copy(copies), 'many');
  console.log(`| | 53,911 records | × ${copies} | ratio |\n|---|---|---|---|`);
  for (const [name, value] of Object.entries(small)) {
    const other = large[name]!;
    console.log(`| ${name} | ${value.toFixed(1)} | ${other.toFixed(1)} | ${(other / value).toFixed(2)} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Each step in a process of its own, so that memory is its own too. */
function measure(from: string, name: string): Record<string, number> {
  const file = join(folder, name, 'advisories.db');
  mkdirSync(join(folder, name), { recursive: true });
  const built = step('build', file, from);
  const changed = step('build', file, changedFeeds(from, join(folder, `${name}-changed`)));
  const looked = step('look', file, from);
  return {
    'build, s': built['seconds']!,
    'build, memory in MB': built['memory']!,
    'file, MB': statSync(file).size / 1e6,
    '1,000 changed, s': changed['seconds']!,
    '1,000 changed, memory in MB': changed['memory']!,
    'open, ms': looked['open']!,
    'look-up, µs': looked['lookup']!,
    'look-up with all fields, µs': looked['full']!,
    'rows a look-up': looked['rows']!,
  };
}

function step(kind: string, file: string, from: string): Record<string, number> {
  const program = new URL('database-step.ts', import.meta.url).pathname;
  return JSON.parse(
    execFileSync(process.execPath, [program, kind, file, from, shared], { encoding: 'utf8' }),
  );
}

/** The feeds with a new time for every 54th record or so, 1,000 in all. */
function changedFeeds(from: string, to: string): string {
  const feeds = readdirSync(from, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const lists = feeds.map(({ name }) =>
    readFileSync(join(from, name, 'modified_id.csv'), 'utf8')
      .trimEnd()
      .split('\n'),
  );
  const every = Math.floor(lists.flat().length / 1000);
  let n = 0;
  for (const [at, { name }] of feeds.entries()) {
    const lines = lists[at]!.map((line) =>
      n++ % every === 0 ? line.replace(/^[^,]*/, '2026-12-01T00:00:00Z') : line,
    );
    mkdirSync(join(to, name), { recursive: true });
    writeFileSync(join(to, name, 'modified_id.csv'), `${lines.join('\n')}\n`);
    execFileSync('ln', ['-s', join(from, name, 'all.zip'), join(to, name, 'all.zip')]);
  }
  return to;
}

/** The shared feeds with each record there `times` times, under other ids and other package names. */
function copy(times: number): string {
  const to = join(folder, 'copies');
  for (const { name } of readdirSync(join(shared, 'osv'), { withFileTypes: true }).filter((e) =>
    e.isDirectory(),
  )) {
    const lines: string[] = [];
    const members: [string, Buffer][] = [];
    for (const entry of readZip(
      bufferSource(readFileSync(join(shared, 'osv', name, 'all.zip'))),
      defaultLimits,
    )) {
      const record = JSON.parse(entry.inflate().toString('utf8'));
      for (let n = 0; n < times; n++) {
        const renamed = {
          ...record,
          id: `${record.id}-${n}`,
          affected: record.affected?.map((a: { package?: { name: string } }) =>
            a.package === undefined ? a : { ...a, package: { ...a.package, name: `${a.package.name}-${n}` } },
          ),
        };
        lines.push(`${record.modified},${renamed.id}\n`);
        members.push([`${renamed.id}.json`, Buffer.from(JSON.stringify(renamed))]);
      }
    }
    mkdirSync(join(to, name), { recursive: true });
    writeFileSync(join(to, name, 'modified_id.csv'), lines.join(''));
    writeFileSync(join(to, name, 'all.zip'), zipOf(members));
  }
  return to;
}
