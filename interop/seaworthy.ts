// The command line as a user runs it, on a home of the suite's own with the shared records as its database.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScanResult } from '../src/scan/index.ts';
import { data, root } from './peers.ts';

const home = mkdtempSync(join(tmpdir(), 'seaworthy-interop-'));
let updated = false;
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export function seaworthy(...args: string[]): Ran {
  const done = spawnSync(process.execPath, [join(root, 'bin/seaworthy.cjs'), '--home', home, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

/** The database of the suite's home: all 53,911 records. The first suite of a run makes it, the others copy that. */
export function updatedDatabase(): void {
  if (updated) return;
  const shared = process.env['INTEROP_SHARED'];
  const kept = shared === undefined ? undefined : join(shared, 'database');
  if (kept !== undefined && existsSync(kept)) {
    cpSync(kept, join(home, 'database'), { recursive: true });
    updated = true;
    return;
  }
  const ran = seaworthy(
    'db',
    'update',
    '--from',
    join(data, 'osv'),
    '--all',
    '--epss',
    join(data, 'epss/epss_scores-2026-08-16.csv.gz'),
    '--kev',
    join(data, 'kev/known_exploited_vulnerabilities.json'),
  );
  if (ran.code !== 0) throw new Error(`db update ended with ${ran.code}: ${ran.stdout}${ran.stderr}`);
  updated = true;
  if (kept === undefined) return;
  const copy = `${kept}-${process.pid}`;
  cpSync(join(home, 'database'), copy, { recursive: true });
  try {
    renameSync(copy, kept);
  } catch (error) {
    // another suite was first
    if (!existsSync(kept)) throw error;
  }
}

/** The result of a scan by all 53,911 records. */
export function scanned(target: string, ...args: string[]): ScanResult {
  updatedDatabase();
  const ran = seaworthy('scan', target, '--format', 'json', ...args);
  if (ran.code !== 0 && ran.code !== 3)
    throw new Error(`scan ${target} ended with ${ran.code}: ${ran.stderr}`);
  return JSON.parse(ran.stdout) as ScanResult;
}

/** What does not depend on how the image was reached. */
export function essence(result: ScanResult): unknown {
  return {
    packages: result.packages.map(({ purl, location, layer }) => [purl, location, layer]),
    findings: result.findings.map(({ id, purl, location, state }) => [id, purl, location, state]),
    undecided: result.undecided.map(({ code, message }) => [code, message]),
  };
}
