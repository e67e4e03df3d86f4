// Which names and versions of a package are asked of which ecosystem, and by which order they compare.
import type { AdvisoryDatabase, AdvisoryRange, AdvisoryRow, RangeEvent } from '../advisory/index.ts';
import type { Package } from '../inventory/index.ts';
import {
  type Distribution,
  distributionEcosystems,
  type EcosystemToAsk,
  ecosystemName,
  languageEcosystem,
} from '../package/index.ts';
import { orderOf, type VersionOrder } from '../version/index.ts';

export interface Candidate {
  row: AdvisoryRow;
  /** The row's own, or those it gives for this binary. */
  ranges: readonly AdvisoryRange[];
  /** The version that the row speaks of: a source's or a binary's. */
  version: string;
  order: VersionOrder;
  channel?: string;
}

/** Rows that name an OS package, by the distribution's rules. */
export function osCandidates(
  item: Package,
  distribution: Distribution,
  ecosystems: readonly EcosystemToAsk[],
  database: AdvisoryDatabase,
): Candidate[] {
  const bySource =
    distribution.matchBy === 'source' || distribution.id === 'sles' || distribution.namespace === 'opensuse';
  const name = bySource ? (item.source?.name ?? item.name) : item.name;
  const version = distribution.matchBy === 'source' ? (item.source?.version ?? item.version) : item.version;
  return ecosystems.flatMap(({ name: ecosystem, channel }) => {
    const order = orderOf(ecosystem);
    if (order === undefined) return [];
    return database.lookup(ecosystem, name).flatMap((row) => {
      const ranges = rangesFor(row, item);
      if (ranges === undefined || isErratumWithoutFlaw(row)) return [];
      return [
        { row, ranges, version: comparable(version, ecosystem), order, ...(channel ? { channel } : {}) },
      ];
    });
  });
}

/** Rows that name a language package; undefined when its name cannot be asked for. */
export function languageCandidates(item: Package, database: AdvisoryDatabase): Candidate[] | undefined {
  const ecosystem = languageEcosystem(item.type);
  const order = ecosystem === undefined ? undefined : orderOf(ecosystem);
  if (ecosystem === undefined || order === undefined) return undefined;
  const rows = database.lookup(ecosystem, ecosystemName(item.type, item.namespace, item.name));
  const version = item.type === 'golang' && isUnknownGoVersion(item.version) ? '(devel)' : item.version;
  return rows.map((row) => ({ row, ranges: row.ranges, version, order }));
}

/**
 * SUSE's records name a source and list the binaries with the version that fixes each; undefined: the record is of
 * other binaries of that source.
 */
function rangesFor(row: AdvisoryRow, item: Package): readonly AdvisoryRange[] | undefined {
  if (row.binaries === undefined) return row.ranges;
  const fixed = row.binaries.find((names) => Object.hasOwn(names, item.name))?.[item.name];
  if (fixed === undefined) return undefined;
  const events: RangeEvent[] = [
    { kind: 'introduced', version: '0' },
    { kind: 'fixed', version: fixed },
  ];
  return [{ type: 'ECOSYSTEM', events }];
}

/** Bug-fix and enhancement errata (AlmaLinux's ALBA and ALEA) name no flaw. */
function isErratumWithoutFlaw(row: AdvisoryRow): boolean {
  return /^AL[BE]A-/.test(row.id);
}

/**
 * A Debian backport `X~bpo12+1` is X rebuilt: it holds what X holds, though it sorts before it
 * (backports.debian.org/Contribute, "versioning").
 */
function comparable(version: string, ecosystem: string): string {
  return ecosystem.startsWith('Debian:') ? version.replace(/~bpo\d+\+\d+$/, '') : version;
}

/** Versions that Go writes when it does not know one. */
function isUnknownGoVersion(version: string): boolean {
  return (
    version === '(devel)' ||
    version === '' ||
    version === 'v0.0.0' ||
    version.startsWith('v0.0.0-00010101000000-')
  );
}

export function ecosystemsFor(distribution: Distribution, database: AdvisoryDatabase): EcosystemToAsk[] {
  const base = distribution.ecosystem;
  return distributionEcosystems(distribution, base === undefined ? [] : database.releases(base));
}
