// The advisory database at one and at ten times the shared records: building, deltas, look-ups, memory.
// node bench/database.ts [copies]
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { bufferSource, defaultLimits, readZip } from '../src/core/index.ts';

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

function zipOf(members: [string, Buffer][]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, bytes] of members) {
    const name = Buffer.from(path);
    const data = deflateRawSync(bytes, { level: 1 });
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(8, 10);
    head.writeUInt32LE(crc32(bytes), 16);
    head.writeUInt32LE(data.length, 20);
    head.writeUInt32LE(bytes.length, 24);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt32LE(offset, 42);
    central.push(head, name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    parts.push(local, name, data);
    offset += 30 + name.length + data.length;
  }
  const directory = Buffer.concat(central);
  const wide = Buffer.alloc(76);
  wide.writeUInt32LE(0x06064b50, 0);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeBigUInt64LE(BigInt(members.length), 32);
  wide.writeBigUInt64LE(BigInt(directory.length), 40);
  wide.writeBigUInt64LE(BigInt(offset), 48);
  wide.writeUInt32LE(0x07064b50, 56);
  wide.writeBigUInt64LE(BigInt(offset + directory.length), 64);
  const end = Buffer.alloc(22, 0xff);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(0, 4);
  end.writeUInt16LE(0, 20);
  return Buffer.concat([...parts, directory, wide, end]);
}
