// Whether a new image would be worse than the one it takes the place of, by what affects both.
import type { ScanResult, SeverityLevel } from '../scan/index.ts';

export interface Counted {
  levels: Record<SeverityLevel, number>;
  /** Named states that could not be decided. */
  undecided: number;
  /** `CVE-… in PURL`, the worst first; at most `mostNamed`. */
  named: string[];
}

export const levelsDown: readonly SeverityLevel[] = [
  'critical',
  'high',
  'medium',
  'low',
  'negligible',
  'unknown',
];
const mostNamed = 500;

/** Over the platforms of one image: a flaw of a package counts once, whatever platforms it is on. */
export function countFindings(results: readonly Pick<ScanResult, 'findings' | 'undecided'>[]): Counted {
  const levels: Counted['levels'] = { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };
  const found = new Map<string, { text: string; level: SeverityLevel }>();
  for (const { findings } of results)
    for (const { state, suppressed, id, name, version, severity } of findings) {
      if (state !== 'affected' || suppressed !== undefined) continue;
      const text = `${id} in ${name} ${version}`;
      if (!found.has(text)) found.set(text, { text, level: severity.level });
    }
  for (const { level } of found.values()) levels[level]++;
  const sorted = [...found.values()].sort(
    (a, b) => levelsDown.indexOf(a.level) - levelsDown.indexOf(b.level) || (a.text < b.text ? -1 : 1),
  );
  const undecided = new Set(
    results.flatMap((result) => result.undecided.map(({ code, subject }) => `${code} ${subject ?? ''}`)),
  );
  return { levels, undecided: undecided.size, named: sorted.slice(0, mostNamed).map(({ text }) => text) };
}

/**
 * Levels are compared from the top: the first that differs decides, as a fixed critical flaw is worth more than a new
 * low one. More that nobody can decide is worse too: undecided is never no. Undefined: not worse.
 */
export function whyWorse(before: Counted, after: Counted): string | undefined {
  for (const level of levelsDown) {
    const more = after.levels[level] - before.levels[level];
    if (more < 0) break;
    if (more === 0) continue;
    const known = new Set(before.named);
    const added = after.named.filter((text) => !known.has(text)).slice(0, 3);
    return `it would have ${more} more ${level} findings than its predecessor${added.length === 0 ? '' : `: ${added.join(', ')}`}`;
  }
  if (after.undecided > before.undecided)
    return `it would have ${after.undecided - before.undecided} more undecided than its predecessor`;
  return undefined;
}

/** `2 critical, 1 high`, or `none`. */
export function formatCounted({ levels }: Counted): string {
  const parts = levelsDown.flatMap((level) => (levels[level] > 0 ? [`${levels[level]} ${level}`] : []));
  return parts.length === 0 ? 'none' : parts.join(', ');
}
