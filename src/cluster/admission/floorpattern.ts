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
  const beginnings: string[][] = [[], [], []];
  const prefixes = new Map<string, string[]>();
  const others: string[] = [];
  for (const pattern of new Set(patterns)) {
    const start = pattern.endsWith('/**') ? pattern.slice(0, -2) : pattern;
    if (start.includes('*')) others.push(pattern);
    else if (start === pattern) exact.push(pattern);
    else {
      const depth = start.split('/').length - 2;
      const host = start.slice(0, start.indexOf('/') + 1);
      if (depth < beginnings.length) beginnings[depth]!.push(start);
      else prefixes.set(host, [...(prefixes.get(host) ?? []), start]);
    }
  }
  const conditions: string[] = [];
  let cost = 0;
  const lookUp = (key: string, texts: readonly string[]) => {
    for (const some of chunks(texts, () => 0)) {
      conditions.push(`x.${key} in {${some.map((text) => `${celText(text)}: true`).join(', ')}}`);
      // The map is made for every image; what stands in it is not counted.
      cost += 40;
    }
  };
  lookUp('n', exact);
  for (const [depth, starts] of beginnings.entries()) lookUp(`a${depth}`, starts);
  for (const [host, starts] of prefixes)
    for (const some of chunks(starts, prefixCost)) {
      const fits = some.map((start) => `x.n.startsWith(${celText(start)})`).join(' || ');
      conditions.push(`x.a0 == ${celText(host)} && (${fits})`);
    }
  const dearestHost = [...prefixes.values()].map((starts) =>
    starts.reduce((sum, one) => sum + prefixCost(one), 0),
  );
  cost += prefixes.size * 4 + Math.max(0, ...dearestHost);
  const groups = new Map<string, string[]>();
  for (const pattern of others) {
    const fixed = fixedPart(pattern);
    groups.set(fixed, [...(groups.get(fixed) ?? []), pattern]);
  }
  let dearestGroup = 0;
  for (const [fixed, its] of groups) {
    cost += prefixCost(fixed);
    dearestGroup = Math.max(
      dearestGroup,
      its.reduce((sum, pattern) => sum + regexCost(pattern), 0),
    );
    for (const some of chunks(its, regexCost)) {
      const fits = some.map((pattern) => `x.n.matches(${celText(regexOf(pattern))})`).join(' || ');
      conditions.push(`x.n.${fixed} && (${fits})`);
    }
  }
  // A name begins or ends as several groups ask for at most where one's text is part of another's.
  cost += 2 * dearestGroup;
  return { conditions: joined(conditions), cost };
}

/** The longer of a pattern's fixed ends, as a condition that is a tenth as dear as its regular expression. */
function fixedPart(pattern: string): string {
  const start = pattern.slice(0, pattern.indexOf('*'));
  const end = pattern.slice(pattern.lastIndexOf('*') + 1);
  // Beginnings are often one and the same registry's: an end of a few letters tells more apart.
  return end.length > 3 || end.length >= start.length
    ? `endsWith(${celText(end)})`
    : `startsWith(${celText(start)})`;
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
