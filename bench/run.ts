// The scan benchmark: whole processes, medians, beside syft (inventory only) and the floor (bytes read, nothing done
// with them), in one run on one machine. Prints the table of docs/benchmarks.md.
//   node bench/run.ts [RUNS]      default: 5
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ImageName, imageNames, imageOf, peers } from './images.ts';

const runs = Number(process.argv[2] ?? 5);
const root = new URL('..', import.meta.url).pathname;
const data = join(root, '..', 'shared', 'data');
const floor = join(root, '..', 'shared', 'bench', 'floor.mjs');
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-'));
const home = join(work, 'home');

interface Figures {
  seconds: number;
  megabytes: number;
}

function measure(command: string[], before: () => void = () => {}): Figures {
  const seconds: number[] = [];
  const megabytes: number[] = [];
  for (let i = 0; i < runs; i++) {
    before();
    const started = performance.now();
    const done = spawnSync('/usr/bin/time', ['-f', '%M', ...command], {
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    seconds.push((performance.now() - started) / 1000);
    if (done.status !== 0 && done.status !== 3) throw new Error(`${command.join(' ')}: ${done.stderr}`);
    megabytes.push(Number(/(\d+)\s*$/.exec(done.stderr)![1]) / 1024);
  }
  return { seconds: median(seconds), megabytes: median(megabytes) };
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function megabytesOf(name: ImageName): number {
  return Number(execFileSync('du', ['-sLm', imageOf(name)], { encoding: 'utf8' }).split('\t')[0]);
}

const syft = join(peers, 'bin', 'syft');
if (!existsSync(syft))
  execFileSync('go', ['install', 'github.com/anchore/syft/cmd/syft@v1.57.0'], {
    env: { ...process.env, GOBIN: join(peers, 'bin') },
    stdio: 'inherit',
  });
const bundle = join(work, 'package');
execFileSync(process.execPath, [join(root, 'scripts/bundle.ts'), bundle], { stdio: 'inherit' });
const seaworthy = [process.execPath, join(bundle, 'bin/seaworthy.cjs'), '--home', home];
mkdirSync(home);
process.stderr.write('bench: advisory database of 53,911 records\n');
execFileSync(
  seaworthy[0]!,
  [
    ...seaworthy.slice(1),
    'db',
    'update',
    '--from',
    join(data, 'osv'),
    '--all',
    '--epss',
    join(data, 'epss/epss_scores-2026-08-16.csv.gz'),
    '--kev',
    join(data, 'kev/known_exploited_vulnerabilities.json'),
  ],
  { stdio: 'inherit' },
);

const rows: string[][] = [
  [
    'image',
    'MB',
    'syft s',
    'floor s (MB)',
    'seaworthy cold s (MB)',
    '÷ syft',
    '÷ floor',
    'MB over floor',
    'known s',
  ],
];
for (const name of imageNames) {
  process.stderr.write(`bench: ${name}\n`);
  const layout = imageOf(name);
  const scan = [
    ...seaworthy,
    'scan',
    `oci:${layout}`,
    '--format',
    'json',
    '--output',
    join(work, 'out.json'),
  ];
  const cold = measure(scan, () => rmSync(join(home, 'results'), { recursive: true, force: true }));
  const known = measure(scan);
  const low = measure([process.execPath, floor, layout]);
  const peer = measure([syft, 'scan', '-q', `oci-dir:${layout}`, '-o', `json=${join(work, 'syft.json')}`]);
  rows.push([
    name,
    String(megabytesOf(name)),
    peer.seconds.toFixed(2),
    `${low.seconds.toFixed(2)} (${low.megabytes.toFixed(0)})`,
    `${cold.seconds.toFixed(2)} (${cold.megabytes.toFixed(0)})`,
    (cold.seconds / peer.seconds).toFixed(2),
    (cold.seconds / low.seconds).toFixed(2),
    (cold.megabytes - low.megabytes).toFixed(0),
    known.seconds.toFixed(3),
  ]);
}
rmSync(work, { recursive: true, force: true });
const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
for (const [n, row] of rows.entries()) {
  process.stdout.write(`| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |\n`);
  if (n === 0) process.stdout.write(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|\n`);
}
