// Patterns of `HOST/REPOSITORY` in CEL: the common shapes by look-up and prefix, the rest by regular expression, since
// an admission policy's budget is counted by the length of what is compared.
import { celText } from './floorname.ts';

export interface PatternSet {
  /** Conditions on `x` of `parsed`; the image fits when one of them is true. Each fits into one variable. */
  conditions: readonly string[];
  /** What looking at one image that fits none costs at most, in CEL's units. */
  cost: number;
}

/** Characters of names that the costs are reckoned with. */
const nameLength = 100;
/** CEL's parser refuses expressions of 100,000 characters. */
const longestExpression = 60_000;
/** An expression may cost 1,000,000; it is to hold for 1,000 images. */
const dearest = 600;

/** Patterns as checked by the policy: lower case, `*` within a part, `**` alone between slashes. */
export function patternSet(patterns: readonly string[]): PatternSet {
  if (patterns.includes('**')) return { conditions: ['true'], cost: 1 };
  const exact: string[] = [];
  const prefixes = new Map<string, string[]>();
  const others: string[] = [];
  for (const pattern of new Set(patterns)) {
    const start = pattern.endsWith('/**') ? pattern.slice(0, -2) : pattern;
    if (start.includes('*')) others.push(pattern);
    else if (start === pattern) exact.push(pattern);
    else {
      const host = start.slice(0, start.indexOf('/'));
      prefixes.set(host, [...(prefixes.get(host) ?? []), start]);
    }
  }
  const conditions: string[] = [];
  let cost = 0;
  for (const names of chunks(exact, () => 0)) {
    conditions.push(`x.n in {${names.map((name) => `${celText(name)}: true`).join(', ')}}`);
    cost += 5;
  }
  for (const [host, starts] of prefixes)
    for (const some of chunks(starts, prefixCost)) {
      const fits = some.map((start) => `x.n.startsWith(${celText(start)})`).join(' || ');
      conditions.push(`x.h == ${celText(host)} && (${fits})`);
    }
  const dearestHost = [...prefixes.values()].map((starts) =>
    starts.reduce((sum, one) => sum + prefixCost(one), 0),
  );
  cost += prefixes.size * 4 + Math.max(0, ...dearestHost);
  for (const some of chunks(others, regexCost)) {
    conditions.push(some.map((pattern) => `x.n.matches(${celText(regexOf(pattern))})`).join(' || '));
    cost += some.reduce((sum, pattern) => sum + regexCost(pattern), 0);
  }
  return { conditions: joined(conditions), cost };
}

/** What `matchesPattern` compiles, in RE2's syntax. */
export function regexOf(pattern: string): string {
  const source = pattern
    .split(/(\*{1,2})/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
    )
    .join('');
  return `(?s)^${source}$`;
}

/** CEL counts the text that is looked at, not the beginning that it is compared with. */
function prefixCost(_start: string): number {
  return 4 + Math.ceil(nameLength / 10);
}

function regexCost(pattern: string): number {
  return 3 + Math.ceil(nameLength / 10) * Math.ceil(regexOf(pattern).length / 4);
}

/** Parts that stay below what one expression may cost and how long it may be. */
function* chunks(texts: readonly string[], costOf: (text: string) => number): Generator<string[]> {
  let some: string[] = [];
  let cost = 0;
  let length = 0;
  for (const text of texts) {
    const more = costOf(text);
    if (some.length > 0 && (cost + more > dearest || length + text.length * 2 + 40 > longestExpression)) {
      yield some;
      some = [];
      cost = 0;
      length = 0;
    }
    some.push(text);
    cost += more;
    length += text.length * 2 + 40;
  }
  if (some.length > 0) yield some;
}

/** Small conditions share a variable. */
function joined(conditions: readonly string[]): string[] {
  const result: string[] = [];
  for (const condition of conditions) {
    const last = result.at(-1);
    if (last !== undefined && last.length + condition.length < 2_000)
      result[result.length - 1] = `${last} || (${condition})`;
    else result.push(`(${condition})`);
  }
  return result;
}
