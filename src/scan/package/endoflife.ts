// When a release stops getting security fixes; the dates and their sources are in endoflife.json.
import type { Distribution } from './distribution.ts';
import table from './endoflife.json' with { type: 'json' };

export interface EndOfLife {
  /** Last day of security support, YYYY-MM-DD. */
  date: string;
  source: string;
}

const distributions = table.distributions as Record<
  string,
  { source: string; releases: Record<string, string> }
>;

/** The end of security support that has passed by `now`; undefined while it lasts or where no date is published. */
export function endOfLifeOf(distribution: Distribution, now: Date): EndOfLife | undefined {
  const entry = Object.hasOwn(distributions, distribution.id) ? distributions[distribution.id] : undefined;
  if (entry === undefined) return undefined;
  const { release } = distribution;
  const date = entry.releases[release] ?? entry.releases[release.split('.')[0]!];
  if (date === undefined) return undefined;
  return now.toISOString().slice(0, 10) > date ? { date, source: entry.source } : undefined;
}
