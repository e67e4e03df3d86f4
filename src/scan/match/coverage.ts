// What the advisory database can say of an inventory at all: everything that would make "nothing found" a lie.
import { type Undecided, undecided } from '../../core/index.ts';
import type { AdvisoryDatabase } from '../advisory/index.ts';
import type { Inventory, Package } from '../inventory/index.ts';
import { type Distribution, type EcosystemToAsk, endOfLifeOf, languageEcosystem } from '../package/index.ts';
import { orderOf } from '../version/index.ts';

/** One source and release that packages of the image were judged by. */
export interface SourceCoverage {
  ecosystem: string;
  packages: number;
  rows: number;
  /** `fixed only`: a flaw without a fix is not in it, so silence proves nothing. */
  knows: 'fixed only' | 'also unfixed';
}

export interface CoverageResult {
  sources: SourceCoverage[];
  undecided: Undecided[];
}

const osTypes = new Set(['deb', 'apk', 'rpm']);

export function coverageOf(
  inventory: Inventory,
  distribution: Distribution | undefined,
  ecosystems: readonly EcosystemToAsk[],
  database: AdvisoryDatabase,
  now: Date,
): CoverageResult {
  const result: CoverageResult = { sources: [], undecided: [] };
  coverDistribution(inventory, distribution, ecosystems, database, now, result);
  const byType = new Map<string, Package[]>();
  for (const item of inventory.packages)
    if (!osTypes.has(item.type)) byType.set(item.type, [...(byType.get(item.type) ?? []), item]);
  for (const [type, items] of byType) coverLanguage(type, items.length, database, result);
  if (inventory.packages.length === 0)
    result.undecided.push(
      undecided(
        'no-package-evidence',
        'no package database and no package file was found, so nothing can be said of what is inside',
        {
          hint: 'scan an SBOM made at build time (sbom:FILE), or keep the package database in the image',
        },
      ),
    );
  return result;
}

function coverDistribution(
  inventory: Inventory,
  distribution: Distribution | undefined,
  ecosystems: readonly EcosystemToAsk[],
  database: AdvisoryDatabase,
  now: Date,
  result: CoverageResult,
): void {
  const os = inventory.osRelease;
  const items = inventory.packages.filter((item) => osTypes.has(item.type));
  if (os === undefined) return;
  const called = os.prettyName ?? `${os.id} ${os.versionId ?? ''}`.trim();
  if (distribution === undefined) {
    if (items.length > 0 || inventory.packages.length === 0)
      result.undecided.push(
        undecided(
          'unsupported-distribution',
          `${called} is not a distribution that Seaworthy has rules for`,
          { subject: os.id },
        ),
      );
    return;
  }
  const ended = endOfLifeOf(distribution, now);
  if (ended)
    result.undecided.push(
      undecided(
        'end-of-life',
        `${called} gets no security fixes since ${ended.date} (${ended.source}): new flaws are not in its advisories`,
        {
          subject: distribution.id,
          hint: 'move to a base image of a supported release',
        },
      ),
    );
  if (items.length === 0) {
    result.undecided.push(
      undecided(
        'no-package-evidence',
        `os-release says ${called}, yet no package database lists what is installed`,
        {
          subject: distribution.id,
          hint: 'keep the package database in the image',
        },
      ),
    );
    return;
  }
  const other = items.find((item) => item.type !== distribution.packageType);
  if (other)
    result.undecided.push(
      undecided(
        'no-advisories',
        `${other.location} lists ${other.type} packages, which ${called} has no advisories for`,
        { subject: other.location },
      ),
    );
  const known = ecosystems.map(({ name }) => database.coverage(name)).filter((found) => found !== undefined);
  if (known.length === 0)
    result.undecided.push(
      undecided(
        'no-advisories',
        `the advisory database has no rows for ${called}, so its ${items.length} packages were not judged`,
        {
          subject: ecosystems[0]?.name ?? distribution.id,
          hint:
            distribution.ecosystem === undefined
              ? 'no OSV feed covers this distribution'
              : `seaworthy db update --ecosystem "${distribution.ecosystem}"`,
        },
      ),
    );
  for (const { ecosystem, rows, unfixed } of known)
    result.sources.push({
      ecosystem,
      packages: items.length,
      rows,
      knows: unfixed ? 'also unfixed' : 'fixed only',
    });
}

function coverLanguage(
  type: string,
  packages: number,
  database: AdvisoryDatabase,
  result: CoverageResult,
): void {
  const ecosystem = languageEcosystem(type);
  if (ecosystem === undefined || orderOf(ecosystem) === undefined) {
    const called = ecosystem ?? type;
    result.undecided.push(
      undecided(
        'ecosystem-unordered',
        `${packages} packages of ${called} were not judged: Seaworthy cannot order its versions yet`,
        { subject: called },
      ),
    );
    return;
  }
  const coverage = database.coverage(ecosystem);
  if (coverage === undefined) {
    result.undecided.push(
      undecided(
        'no-advisories',
        `the advisory database has no rows for ${ecosystem}, so ${packages} packages were not judged`,
        {
          subject: ecosystem,
          hint: `seaworthy db update --ecosystem "${ecosystem}"`,
        },
      ),
    );
    return;
  }
  result.sources.push({
    ecosystem,
    packages,
    rows: coverage.rows,
    knows: coverage.unfixed ? 'also unfixed' : 'fixed only',
  });
}
