// Inventory and advisories in, findings out; whatever could not be decided is named beside them.
import { type Undecided, undecided } from '../../core/index.ts';
import type { AdvisoryDatabase } from '../advisory/index.ts';
import type { Inventory, Package } from '../inventory/index.ts';
import { type Distribution, distributionOf } from '../package/index.ts';
import { type Candidate, ecosystemsFor, languageCandidates, osCandidates } from './candidate.ts';
import { coverageOf, type SourceCoverage } from './coverage.ts';
import type { Finding } from './finding.ts';
import { type FixStep, fixStep, mergeSteps } from './fixes.ts';
import { findingsOf } from './judgepackage.ts';
import { notExecutable } from './notexecutable.ts';
import { byPriority } from './priority.ts';

export interface MatchResult {
  findings: Finding[];
  /** Shortest first to do: the steps that remove the most findings. */
  plan: FixStep[];
  sources: SourceCoverage[];
  undecided: Undecided[];
}

/**
 * `adjust` sets findings aside (suppressions, VEX) before the plan counts them. Without `isPlanned` the plan is empty: for a
 * package with thousands of findings it takes longer than they do.
 */
export function match(
  inventory: Inventory,
  database: AdvisoryDatabase,
  now: Date,
  adjust: (finding: Finding) => Finding = (finding) => finding,
  isPlanned = true,
): MatchResult {
  const distribution = inventory.osRelease ? distributionOf(inventory.osRelease) : undefined;
  const ecosystems = distribution ? ecosystemsFor(distribution, database) : [];
  const covered = ecosystems.some(({ name }) => database.coverage(name) !== undefined);
  const { sources, undecided: notes } = coverageOf(inventory, distribution, ecosystems, database, now);
  const foreign = new Map<string, Package[]>();
  const findings: Finding[] = [];
  const steps: FixStep[] = [];

  for (const item of inventory.packages) {
    let candidates: Candidate[] | undefined;
    if (item.type === distribution?.packageType) {
      if (isForeign(item, distribution)) {
        foreign.set(item.vendor!, [...(foreign.get(item.vendor!) ?? []), item]);
        continue;
      }
      candidates = osCandidates(item, distribution, ecosystems, database);
    } else if (!isOs(item)) {
      if (distribution && covered && isOwnedByDistribution(item, distribution)) continue;
      if (item.type === 'maven' && item.namespace === undefined) {
        notes.push(unidentified(item));
        continue;
      }
      candidates = languageCandidates(item, database);
    }
    if (candidates === undefined || candidates.length === 0) continue;
    const reason = distribution && isOs(item) ? notExecutable(item, distribution) : undefined;
    const judged = findingsOf(item, candidates, database, reason);
    const adjusted = judged.findings.map((found) => adjust(found));
    findings.push(...adjusted);
    notes.push(...judged.undecided);
    const step = !isPlanned ? undefined : fixStep(item, adjusted, candidates);
    if (step) steps.push(step);
  }
  for (const [vendor, items] of foreign) notes.push(foreignPackages(vendor, items, distribution!));
  return { findings: findings.sort(byPriority), plan: mergeSteps(steps), sources, undecided: notes };
}

function isOs(item: Package): boolean {
  return item.type === 'deb' || item.type === 'apk' || item.type === 'rpm';
}

/** An rpm says whose it is; another vendor's release numbers must not be compared with the distribution's. */
function isForeign(item: Package, distribution: Distribution): boolean {
  return (
    item.type === 'rpm' &&
    item.vendor !== undefined &&
    item.vendor !== '' &&
    item.vendor !== '(none)' &&
    !distribution.own.test(item.vendor)
  );
}

/**
 * The OS's advisories speak for a language package that the distribution itself packaged. For deb the domain of
 * the Maintainer is a heuristic: a third party that keeps Debian's Maintainer field is taken for Debian.
 */
function isOwnedByDistribution(item: Package, distribution: Distribution): boolean {
  const owner = item.ownedBy;
  if (owner === undefined || owner.type !== distribution.packageType) return false;
  if (owner.type === 'apk') return true;
  const who = owner.type === 'rpm' ? owner.vendor : owner.maintainer;
  return who !== undefined && distribution.own.test(who);
}

function unidentified(item: Package): Undecided {
  return undecided(
    'package-unidentified',
    `${item.location} is ${item.name} ${item.version}, but names no Maven group, so no advisory can be looked up`,
    {
      subject: item.location,
    },
  );
}

function foreignPackages(vendor: string, items: readonly Package[], distribution: Distribution): Undecided {
  const names = items.slice(0, 3).map((item) => item.name);
  const more = items.length > 3 ? `, and ${items.length - 3} more` : '';
  return undecided(
    'foreign-packages',
    `${items.length} packages of ${vendor} (${names.join(', ')}${more}) are not covered by the advisories of ${distribution.name}`,
    { subject: vendor },
  );
}
