// Debian's order (deb-version(7)), accepting and refusing what `dpkg --compare-versions` does.
import { compareDigits, isDigit, isLetter } from './digits.ts';
import type { VersionOrder } from './order.ts';

interface DebVersion {
  epoch: number;
  upstream: string;
  revision: string;
}

export const deb: VersionOrder<DebVersion> = {
  name: 'deb',
  parse(text) {
    const version = text.trim();
    if (version === '' || /[\s\0]/.test(version)) return undefined;
    const colon = version.indexOf(':');
    const epoch = colon < 0 ? 0 : epochOf(version.slice(0, colon));
    if (epoch === undefined) return undefined;
    const rest = asBytes(version.slice(colon + 1));
    const hyphen = rest.lastIndexOf('-');
    const upstream = hyphen < 0 ? rest : rest.slice(0, hyphen);
    if (upstream === '' || hyphen === rest.length - 1) return undefined;
    return { epoch, upstream, revision: hyphen < 0 ? '' : rest.slice(hyphen + 1) };
  },
  compare(a, b) {
    return a.epoch - b.epoch || comparePart(a.upstream, b.upstream) || comparePart(a.revision, b.revision);
  },
};

/** A C int; dpkg takes a sign as strtol does, and refuses what is below zero. */
function epochOf(text: string): number | undefined {
  if (!/^\+?\d{1,30}$/.test(text)) return /^-0+$/.test(text) ? 0 : undefined;
  const epoch = Number(text);
  return epoch <= 2 ** 31 - 1 ? epoch : undefined;
}

/** One char a byte: dpkg compares bytes. */
function asBytes(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Runs of non-digits by `weight`, runs of digits as numbers, in turn. */
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i++;
      j++;
    }
    const digitsA = endOfDigits(a, i);
    const digitsB = endOfDigits(b, j);
    const order = compareDigits(a.slice(i, digitsA), b.slice(j, digitsB));
    if (order !== 0) return order;
    i = digitsA;
    j = digitsB;
  }
  return 0;
}

/** `~` before the end (and a digit), then letters, then everything else. */
function weight(text: string, at: number): number {
  if (at >= text.length) return 0;
  const code = text.charCodeAt(at);
  if (isDigit(code)) return 0;
  if (isLetter(code)) return code;
  if (code === 0x7e) return -1;
  return code > 0x7f ? code : code + 256;
}

function endOfDigits(text: string, from: number): number {
  let at = from;
  while (at < text.length && isDigit(text.charCodeAt(at))) at++;
  return at;
}
