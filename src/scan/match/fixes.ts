// The shortest way to fewer findings: one step for each package to upgrade, the best first.
import type { Package } from '../inventory/index.ts';
import { compareVersions } from '../version/index.ts';
import { judge, orderedEvents } from './affected.ts';
import type { Candidate } from './candidate.ts';
import type { Finding } from './finding.ts';
import { moduleFit } from './modular.ts';

export interface FixStep {
  /** OS packages are upgraded by the system's package manager, language packages bumped in a manifest. */
  kind: 'os' | 'language';
  type: string;
  /** Source package for the OS packages that are built and upgraded together, else the package. */
  name: string;
  /** Installed packages that the step touches. */
  packages: string[];
  from: string;
  /** The lowest version that removes all of `fixes`. */
  to: string;
  /** Where the package lies: base or app tells whose step it is. */
  introducedBy: Finding['introducedBy'];
  locations: string[];
  /** Ids of the flaws it removes. */
  fixes: string[];
  /** Findings it removes: a flaw counts once in each installed package. */
  count: number;
  /** Highest priority among them. */
  priority: number;
}

/** The step for one package: the lowest version that no row of it reaches, or the one reached by the fewest. */
export function fixStep(
  item: Package,
  findings: readonly Finding[],
  candidates: readonly Candidate[],
): FixStep | undefined {
  const open = findings.filter((finding) => finding.state === 'affected' && finding.suppressed === undefined);
  const fixable = open.filter((finding) => finding.fixedIn.some((fix) => fix.channel === undefined));
  if (fixable.length === 0) return undefined;
  const { order } = candidates[0]!;
  const advisories = new Set(fixable.flatMap((finding) => finding.advisories));
  const rows = candidates.filter(
    ({ row, channel }) =>
      channel === undefined &&
      advisories.has(row.id) &&
      (item.type !== 'rpm' || moduleFit(row, item) !== 'other'),
  );
  const versions = endsAfter(rows, order);
  const reached = (version: string) => {
    const ids = new Set(
      rows
        .filter(({ row, ranges }) => judge(row, version, order, ranges).affected === true)
        .map(({ row }) => row.id),
    );
    return fixable.filter((finding) => finding.advisories.some((id) => ids.has(id)));
  };
  let to = '';
  let left = fixable;
  for (const version of versions) {
    if (left.length === 0) break;
    const still = reached(version);
    if (still.length < left.length) {
      to = version;
      left = still;
    }
  }
  const removed = fixable.filter((finding) => !left.includes(finding));
  if (removed.length === 0) return undefined;
  const os = item.type === 'deb' || item.type === 'apk' || item.type === 'rpm';
  return {
    kind: os ? 'os' : 'language',
    type: item.type,
    name: os ? (item.source?.name ?? item.name) : removed[0]!.name,
    packages: [item.name],
    from: item.version,
    to,
    introducedBy: item.introducedBy,
    locations: [item.location],
    fixes: removed.map((finding) => finding.id).sort(),
    count: removed.length,
    priority: Math.max(...removed.map((finding) => finding.priority)),
  };
}

/** Every version above the installed one that ends a flaw, lowest first. */
function endsAfter(rows: readonly Candidate[], order: Candidate['order']): string[] {
  const ends = new Set<string>();
  for (const { ranges, version } of rows)
    for (const { events } of ranges)
      for (const event of orderedEvents(events, order) ?? [])
        if (event.kind === 'fixed' && (compareVersions(order, event.version, version) ?? -1) > 0)
          ends.add(event.version);
  return [...ends].sort((a, b) => compareVersions(order, a, b) ?? 0);
}

/** Packages of one source move together; the same language package in several places is one bump. */
export function mergeSteps(steps: readonly FixStep[]): FixStep[] {
  const merged = new Map<string, FixStep>();
  for (const step of steps) {
    const key = [step.type, step.name, step.kind === 'os' ? '' : step.from, step.to, step.introducedBy].join(
      ' ',
    );
    const known = merged.get(key);
    if (known === undefined) merged.set(key, step);
    else
      merged.set(key, {
        ...known,
        packages: [...new Set([...known.packages, ...step.packages])].sort(),
        locations: [...new Set([...known.locations, ...step.locations])],
        fixes: [...new Set([...known.fixes, ...step.fixes])].sort(),
        count: known.count + step.count,
        priority: Math.max(known.priority, step.priority),
      });
  }
  return [...merged.values()].sort(
    (a, b) => b.priority - a.priority || b.count - a.count || (a.name < b.name ? -1 : 1),
  );
}
