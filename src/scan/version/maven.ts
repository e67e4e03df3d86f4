// Maven's order (the POM reference's "Version Order Specification"), quirk for quirk as Maven 3.9's ComparableVersion.
import { compareDigits, compareText, withoutZeros } from './digits.ts';
import type { VersionOrder } from './order.ts';

/** A number (digits without leading zeros), a qualifier (its rank), or the list that `-` and transitions open. */
type Item = { number: string } | { qualifier: string } | { list: Item[] };

export const maven: VersionOrder<Item[]> = {
  name: 'maven',
  parse(text) {
    if (text === '') return undefined;
    return parseItems(text.toLowerCase());
  },
  compare: compareLists,
};

function parseItems(text: string): Item[] {
  const root: Item[] = [];
  const lists = [root];
  let list = root;
  let start = 0;
  let digits = false;
  const open = () => {
    const inner: Item[] = [];
    list.push({ list: inner });
    lists.push(inner);
    list = inner;
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === '.' || char === '-') {
      list.push(at === start ? { number: '' } : itemOf(text.slice(start, at), digits));
      start = at + 1;
      if (char === '-') open();
    } else if (char >= '0' && char <= '9') {
      if (!digits && at > start) {
        // A qualifier hangs from its own list, and the digits behind it from another.
        if (list.length > 0) open();
        list.push({ qualifier: rankOf(text.slice(start, at), true) });
        start = at;
        open();
      }
      digits = true;
    } else {
      if (digits && at > start) {
        list.push(itemOf(text.slice(start, at), true));
        start = at;
        open();
      }
      digits = false;
    }
  }
  if (start < text.length) {
    if (!digits && list.length > 0) open();
    list.push(itemOf(text.slice(start), digits));
  }
  for (const inner of lists.reverse()) trim(inner);
  return root;
}

function itemOf(text: string, digits: boolean): Item {
  return digits ? { number: withoutZeros(text) } : { qualifier: rankOf(text, false) };
}

/** What means nothing is dropped from the end, looking past lists that mean something. */
function trim(list: Item[]): void {
  for (let n = list.length - 1; n >= 0; n--) {
    const item = list[n]!;
    if (isNothing(item)) list.splice(n, 1);
    else if (!('list' in item)) return;
  }
}

function isNothing(item: Item): boolean {
  if ('number' in item) return item.number === '';
  return 'list' in item ? item.list.length === 0 : item.qualifier === release;
}

const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const release = String(qualifiers.indexOf(''));
const short: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };
const same = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
]);

/** Ranks compare as text: a known qualifier by its place, others behind all of them by name. */
function rankOf(text: string, beforeDigit: boolean): string {
  const full = (beforeDigit && text.length === 1 && short[text]) || text;
  const name = same.get(full) ?? full;
  const place = qualifiers.indexOf(name);
  return place < 0 ? `${qualifiers.length}-${name}` : String(place);
}

function compareLists(a: Item[], b: Item[]): number {
  for (let n = 0; n < a.length || n < b.length; n++) {
    const order = compareItems(a[n], b[n]);
    if (order !== 0) return order;
  }
  return 0;
}

/** A number is more than a list, a list more than a qualifier; an absent item is the release itself. */
function compareItems(a: Item | undefined, b: Item | undefined): number {
  if (a === undefined) return b === undefined ? 0 : -compareToNothing(b);
  if (b === undefined) return compareToNothing(a);
  if ('number' in a) return 'number' in b ? compareDigits(a.number, b.number) : 1;
  if ('list' in a) return 'list' in b ? compareLists(a.list, b.list) : 'number' in b ? -1 : 1;
  return 'qualifier' in b ? compareText(a.qualifier, b.qualifier) : -1;
}

function compareToNothing(item: Item): number {
  if ('number' in item) return item.number === '' ? 0 : 1;
  if ('qualifier' in item) return compareText(item.qualifier, release);
  for (const inner of item.list) {
    const order = compareToNothing(inner);
    if (order !== 0) return order;
  }
  return 0;
}
