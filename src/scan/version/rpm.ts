// RPM's order of [epoch:]version[-release] (rpm-version(7)), with `~` and `^`.
import { compareDigits, compareText, isDigit, isLetter } from './digits.ts';
import type { VersionOrder } from './order.ts';

interface RpmVersion {
  epoch: string;
  version: string;
  /** Absent is not empty: `1` sorts before `1-`. */
  release: string | undefined;
}

export const rpm: VersionOrder<RpmVersion> = {
  name: 'rpm',
  parse(text) {
    if (text === '' || text.includes('\0')) return undefined;
    let digits = 0;
    while (isDigit(text.charCodeAt(digits))) digits++;
    const hasEpoch = text[digits] === ':';
    const rest = hasEpoch ? text.slice(digits + 1) : text;
    const hyphen = rest.lastIndexOf('-');
    return {
      epoch: hasEpoch ? text.slice(0, digits) : '',
      version: hyphen < 0 ? rest : rest.slice(0, hyphen),
      release: hyphen < 0 ? undefined : rest.slice(hyphen + 1),
    };
  },
  compare(a, b) {
    const order = compareDigits(a.epoch, b.epoch) || compareSegments(a.version, b.version);
    if (order !== 0 || a.release === b.release) return order;
    if (a.release === undefined) return -1;
    return b.release === undefined ? 1 : compareSegments(a.release, b.release);
  },
  compareToBound(version, bound) {
    if (bound.release !== undefined) return rpm.compare(version, bound);
    return compareDigits(version.epoch, bound.epoch) || compareSegments(version.version, bound.version);
  },
};

function compareSegments(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  for (;;) {
    while (i < a.length && isSeparator(a.charCodeAt(i))) i++;
    while (j < b.length && isSeparator(b.charCodeAt(j))) j++;
    const mark = compareMarks(a[i], b[j]);
    if (mark === 'both') {
      i++;
      j++;
      continue;
    }
    if (mark !== 0) return mark;
    if (i >= a.length || j >= b.length) break;
    const numeric = isDigit(a.charCodeAt(i));
    const endA = endOfSegment(a, i, numeric);
    const endB = endOfSegment(b, j, numeric);
    // Of unlike kinds, the number is newer.
    if (endB === j) return numeric ? 1 : -1;
    const order = (numeric ? compareDigits : compareText)(a.slice(i, endA), b.slice(j, endB));
    if (order !== 0) return order;
    i = endA;
    j = endB;
  }
  return (i < a.length ? 1 : 0) - (j < b.length ? 1 : 0);
}

/** `~` sorts before everything, the end included; `^` after the end, but before anything else. */
function compareMarks(a: string | undefined, b: string | undefined): number | 'both' {
  if (a === '~' || b === '~') return a === b ? 'both' : a === '~' ? -1 : 1;
  if (a !== '^' && b !== '^') return 0;
  if (a === b) return 'both';
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  return a === '^' ? -1 : 1;
}

function isSeparator(code: number): boolean {
  return !isDigit(code) && !isLetter(code) && code !== 0x7e && code !== 0x5e;
}

function endOfSegment(text: string, from: number, numeric: boolean): number {
  let at = from;
  while (at < text.length && (numeric ? isDigit : isLetter)(text.charCodeAt(at))) at++;
  return at;
}
