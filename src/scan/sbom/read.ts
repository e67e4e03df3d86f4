// Reads an SBOM of Seaworthy or of another producer (syft, trivy) back into an inventory.
import { type Limits, parseJson, type Undecided, undecided } from '../../core/index.ts';
import type { Inventory, Package } from '../inventory/index.ts';
import type { OsRelease } from '../package/index.ts';
import { PREFIX } from './cyclonedx.ts';
import { packageOf, readInventoryFacts } from './facts.ts';
import { SbomFault } from './fault.ts';
import { packageFromPurl, type Told } from './frompurl.ts';
import type { Facts, ReadSbom } from './subject.ts';

export type Fields = Record<string, unknown>;

/** What both formats come down to. */
export interface Listed {
  reference: string;
  digest?: string;
  /** Of the whole document: Seaworthy's own facts. */
  facts: [string, string][];
  os?: OsRelease;
  components: { name: string; purl: string | undefined; facts: Facts; told: Told }[];
}

const namedAtMost = 20;

/** Throws JsonFault and SbomFault: `sbom-unknown-format`, `sbom-invalid`. */
export function readJson(bytes: Buffer, file: string, limits: Limits): Fields {
  if (bytes.length > limits.packageFileBytes)
    throw new SbomFault(
      'sbom-invalid',
      `expected ${file} of at most ${limits.packageFileBytes} bytes, got ${bytes.length}`,
    );
  const text = bytes.toString('utf8');
  return fieldsOf(parseJson(text.startsWith('\ufeff') ? text.slice(1) : text), file);
}

export function toInventory(listed: Listed, file: string, limits: Limits): ReadSbom {
  if (listed.components.length > limits.packages)
    throw new SbomFault(
      'sbom-invalid',
      `expected at most ${limits.packages} packages in ${file}, got ${listed.components.length}`,
    );
  const packages: Package[] = [];
  const unnamed: string[] = [];
  const systems = new Map<string, { os: OsRelease; count: number }>();
  for (const { name, purl, facts, told } of listed.components) {
    if (purl !== undefined && facts['type'] !== undefined) {
      packages.push(packageOf(purl, facts));
      continue;
    }
    const found = purl === undefined ? undefined : packageFromPurl(purl, told);
    if (found === undefined) {
      unnamed.push(name);
      continue;
    }
    packages.push(found.item);
    if (found.os) {
      const key = JSON.stringify(found.os);
      systems.set(key, { os: found.os, count: (systems.get(key)?.count ?? 0) + 1 });
    }
  }
  const inventory: Inventory = readInventoryFacts(listed.facts, packages);
  const said = [...systems.values()].sort((a, b) => b.count - a.count)[0]?.os;
  const os = inventory.osRelease ?? listed.os ?? said;
  if (os) inventory.osRelease = os;
  inventory.undecided.push(...unnamedNotes(unnamed, file));
  if (os === undefined && !inventory.undecided.some((entry) => entry.code === 'distribution-unknown'))
    inventory.undecided.push(
      undecided(
        'distribution-unknown',
        `${file} names no distribution, so nobody can say whose OS packages are in it, or that there are none`,
        {
          subject: file,
          hint: 'make the SBOM from the image, not from its sources',
        },
      ),
    );
  return { inventory, reference: listed.reference, ...(listed.digest ? { digest: listed.digest } : {}) };
}

function unnamedNotes(names: readonly string[], file: string): Undecided[] {
  const notes = names
    .slice(0, namedAtMost)
    .map((name) =>
      undecided(
        'package-unidentified',
        `${name} in ${file} has no package URL with a version, so it was not judged`,
        { subject: name },
      ),
    );
  if (names.length > namedAtMost)
    notes.push(
      undecided(
        'package-unidentified',
        `${names.length - namedAtMost} more packages in ${file} have no package URL with a version`,
        { subject: file },
      ),
    );
  return notes;
}

/** Seaworthy's facts among named values. */
export function ownFacts(pairs: readonly (readonly [string, string])[]): [string, string][] {
  return pairs
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, value]) => [name.slice(PREFIX.length), value]);
}

/** As an object without a prototype, so that no name is special. */
export function asFacts(pairs: readonly (readonly [string, string])[]): Facts {
  const facts = Object.create(null) as Facts;
  for (const [name, value] of pairs) facts[name] = value;
  return facts;
}

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SbomFault(
      'sbom-invalid',
      `expected ${what} to be an object, got ${Array.isArray(value) ? 'a list' : typeof value}`,
    );
  return value as Fields;
}

export function listOf(value: unknown, what: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value))
    throw new SbomFault('sbom-invalid', `expected ${what} to be a list, got ${typeof value}`);
  return value;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
