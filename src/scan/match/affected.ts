// Does one advisory row reach one version? The evaluation of OSV's ranges and versions
// (OSV schema, "Evaluation"), with every way of not knowing kept apart from no.
import type { AdvisoryRange, AdvisoryRow, RangeEvent } from '../advisory/index.ts';
import { compareToBound, compareVersions, parseVersion, type VersionOrder } from '../version/index.ts';

export type Judgement =
  /** `fixes`: for each range that holds the version, the version that ends it. */
  | { affected: true; fixes: string[] }
  | { affected: false }
  | {
      affected: undefined;
      code: 'version-unorderable' | 'range-unknown' | 'advisory-unreadable';
      reason: string;
    };

/** `among` are the ranges that speak of the package: the row's own, as a rule. */
export function judge(
  row: AdvisoryRow,
  version: string,
  order: VersionOrder,
  among: readonly AdvisoryRange[] = row.ranges,
): Judgement {
  if (row.unreadable !== undefined)
    return { affected: undefined, code: 'advisory-unreadable', reason: `${row.id}: ${row.unreadable}` };
  const ranges = among.filter((range) => range.type !== 'GIT');
  // Beside ranges the list only spells them out; alone it must be read by the order (1.0 is 1.0.0).
  const listed =
    row.versions.includes(version) ||
    (ranges.length === 0 && row.versions.some((text) => compareVersions(order, version, text) === 0));
  if (ranges.length === 0) return listed ? { affected: true, fixes: [] } : withoutRanges(row);
  if (parseVersion(order, version) === undefined) {
    if (listed) return { affected: true, fixes: [] };
    return {
      affected: undefined,
      code: 'version-unorderable',
      reason: `version ${version} cannot be ordered, and ${row.id} names the package`,
    };
  }
  const fixes: string[] = [];
  let affected = listed;
  for (const range of ranges) {
    const events = orderedEvents(range.events, order);
    if (events === undefined && listed) continue;
    if (events === undefined)
      return {
        affected: undefined,
        code: 'range-unknown',
        reason: `${row.id} has a range with a version that cannot be ordered`,
      };
    const found = evaluate(events, version, order);
    if (!found.affected) continue;
    affected = true;
    if (found.fix !== undefined) fixes.push(found.fix);
  }
  return affected ? { affected, fixes } : { affected };
}

/** Commit ranges alone cannot be compared with a version. */
function withoutRanges(row: AdvisoryRow): Judgement {
  if (row.versions.length > 0) return { affected: false };
  return {
    affected: undefined,
    code: 'range-unknown',
    reason: `${row.id} names the package but gives no range of versions`,
  };
}

/** Sorting is by far the dearest part, and a plan asks of the same ranges for many versions. */
const ordered = new WeakMap<readonly RangeEvent[], RangeEvent[] | undefined>();

/** By version; equal ones keep the order of the record. Undefined: one of them cannot be ordered. */
export function orderedEvents(events: readonly RangeEvent[], order: VersionOrder): RangeEvent[] | undefined {
  if (!ordered.has(events)) ordered.set(events, sorted(events, order));
  return ordered.get(events);
}

function sorted(events: readonly RangeEvent[], order: VersionOrder): RangeEvent[] | undefined {
  const whole =
    order.completeBound === undefined ? [...events] : events.map((event) => completed(event, order));
  if (whole.some(({ version }) => !isOpenEnd(version) && parseVersion(order, version) === undefined))
    return undefined;
  // From the beginning to a fix, as most ranges are: there is nothing to sort.
  if (whole.length <= 2 && whole[0]?.version === '0') return whole;
  return whole.sort((a, b) => {
    if (a.version === b.version) return 0;
    if (a.version === '0' || b.version === '*') return -1;
    if (b.version === '0' || a.version === '*') return 1;
    return compareVersions(order, a.version, b.version)!;
  });
}

/** A bound written short where it begins or ends something; as the last affected it would be anybody's guess. */
function completed(event: RangeEvent, order: VersionOrder): RangeEvent {
  if (event.kind === 'last_affected' || isOpenEnd(event.version)) return event;
  const version = order.completeBound?.(event.version);
  return version === undefined ? event : { kind: event.kind, version };
}

function evaluate(
  events: readonly RangeEvent[],
  version: string,
  order: VersionOrder,
): { affected: boolean; fix?: string } {
  let affected = false;
  let fix: string | undefined;
  for (const event of events) {
    const side = isZero(event) ? 1 : sideOf(version, event.version, order);
    if (event.kind === 'introduced') {
      if (side >= 0) affected = true;
    } else if (event.kind === 'fixed') {
      if (side >= 0) affected = false;
      else if (affected && fix === undefined) fix = event.version;
    } else if (event.kind === 'last_affected') {
      if (side > 0) affected = false;
    } else if (side >= 0) affected = false;
  }
  return { affected, ...(affected && fix !== undefined ? { fix } : {}) };
}

/** Where a version stands to a bound: `0` is before every version, also where no version reads `0`. */
function sideOf(version: string, bound: string, order: VersionOrder): number {
  if (bound === '*') return -1;
  return bound === '0'
    ? (compareToBound(order, version, bound) ?? 1)
    : compareToBound(order, version, bound)!;
}

/** `introduced: "0"` is before every version; `limit: "*"` after every one. */
function isOpenEnd(version: string): boolean {
  return version === '0' || version === '*';
}

function isZero(event: RangeEvent): boolean {
  return event.version === '0' && event.kind === 'introduced';
}
