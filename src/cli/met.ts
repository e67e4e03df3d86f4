// Which ecosystems this home's scans have met: what `db update` fetches when nobody chooses.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Home, isFault, parseJson } from '../core/index.ts';
import type { ScanResult } from '../scan/index.ts';
import { languageEcosystem } from '../scan/package/index.ts';

const FILE = 'ecosystems-met.json';

/** Feeds by osv.dev's names, sorted. An unreadable list is an empty one: it grows again with each scan. */
export function ecosystemsMet(home: Home): string[] {
  try {
    const known = parseJson(readFileSync(join(home.root, FILE), 'utf8'));
    return Array.isArray(known)
      ? known.filter((name): name is string => typeof name === 'string').sort()
      : [];
  } catch (error) {
    if (isFault(error) || (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export function recordEcosystems(home: Home, result: ScanResult): void {
  const known = ecosystemsMet(home);
  const met = new Set(known);
  for (const type of new Set(result.packages.map((item) => item.type))) {
    const language = languageEcosystem(type);
    if (language) met.add(language);
  }
  if (result.distribution?.ecosystem) met.add(result.distribution.ecosystem);
  if (met.size === known.length) return;
  const path = join(home.dir(), FILE);
  const beside = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, `${JSON.stringify([...met].sort())}\n`, { mode: 0o600 });
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}
