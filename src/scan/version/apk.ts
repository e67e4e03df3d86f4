// Alpine's order as apk-tools 3 has it: number(.number)*letter?(_suffix number?)*(~hash)?(-rN)?.
import { compareDigits, compareText } from './digits.ts';
import type { VersionOrder } from './order.ts';

/** Kinds in the order in which they may follow each other; where one version ends sooner, the later kind is less. */
const kinds = ['first', 'number', 'letter', 'suffix', 'suffixNumber', 'hash', 'revision', 'end'] as const;
type Kind = (typeof kinds)[number];
type Token = readonly [kind: number, text: string, suffix: number];

const kindOf = Object.fromEntries(kinds.map((kind, n) => [kind, n])) as Record<Kind, number>;
const suffixes = ['alpha', 'beta', 'pre', 'rc', '', 'cvs', 'svn', 'git', 'hg', 'p'];
const noSuffix = suffixes.indexOf('');
const end: Token = [kindOf.end, '', 0];

/**
 * Choices, where apk-tools 2 and 3 or its own sub-commands differ: a text that `apk version --check` refuses is
 * unorderable here, though `apk version --test` would still give some answer for it; a component after the first that
 * begins with 0, on either side, compares as text; hashes compare as text.
 */
export const apk: VersionOrder<Token[]> = {
  name: 'apk',
  parse(text) {
    const match = shape.exec(text);
    if (match === null) return undefined;
    const [, first = '', numbers = '', letter = '', suffixed = '', hash, revision] = match;
    const tokens: Token[] = [[kindOf.first, first, 0]];
    for (const number of numbers.split('.').slice(1)) tokens.push([kindOf.number, number, 0]);
    if (letter !== '') tokens.push([kindOf.letter, letter, 0]);
    for (const part of suffixed.split('_').slice(1)) {
      const name = part.replace(/\d+$/, '');
      tokens.push([kindOf.suffix, name, suffixes.indexOf(name)]);
      if (name.length < part.length) tokens.push([kindOf.suffixNumber, part.slice(name.length), 0]);
    }
    if (hash !== undefined) tokens.push([kindOf.hash, hash, 0]);
    if (revision !== undefined) tokens.push([kindOf.revision, revision, 0]);
    return tokens;
  },
  compare(a, b) {
    for (let n = 0; ; n++) {
      const left = a[n] ?? end;
      const right = b[n] ?? end;
      if (left[0] !== right[0]) return compareKinds(left, right);
      if (left === end) return 0;
      const order = compareTokens(left, right);
      if (order !== 0) return order;
    }
  },
};

const shape =
  /^(\d+)((?:\.\d+)*)([a-z]?)((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*)(?:~([0-9a-f]+))?(?:-r(\d+))?$/;

function compareTokens(a: Token, b: Token): number {
  if (a[0] === kindOf.suffix) return a[2] - b[2];
  if (a[0] === kindOf.letter || a[0] === kindOf.hash) return compareText(a[1], b[1]);
  if (a[0] === kindOf.number && (a[1][0] === '0' || b[1][0] === '0')) return compareText(a[1], b[1]);
  return compareDigits(a[1], b[1]);
}

/** Equal so far: a pre-release suffix is less than anything; else the version that goes on is more. */
function compareKinds(a: Token, b: Token): number {
  if (a[0] === kindOf.suffix && a[2] < noSuffix) return -1;
  if (b[0] === kindOf.suffix && b[2] < noSuffix) return 1;
  return b[0] - a[0];
}
