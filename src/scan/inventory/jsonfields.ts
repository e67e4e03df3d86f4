// A few string fields of a JSON object's first level, without building the document: an image holds tens of
// thousands of package.json, of which two fields matter.
import { InventoryFault } from './fault.ts';

/**
 * The string values of `keys` on the first level of the object in `text`; other kinds of value are left out.
 * Throws InventoryFault when the text is not one object, ends early, nests deeper than `depth` levels, or
 * names one of the keys twice (two readers would see two packages). Values that are not asked for are skipped,
 * not checked.
 */
export function readStringFields(text: string, keys: readonly string[], depth: number): Map<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  let level = 0;
  let key: string | undefined;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (isSpace(text.charCodeAt(at))) at++;
  if (text.charCodeAt(at) !== 0x7b) throw invalid('an object', 'something else');
  for (; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      const end = endOfString(text, at);
      if (level === 1) {
        if (key !== undefined) {
          if (keys.includes(key)) found.set(key, unescaped(text.slice(at, end)));
          key = undefined;
        } else if (nextChar(text, end) === 0x3a) {
          key = unescaped(text.slice(at, end));
          if (keys.includes(key) && seen.size === seen.add(key).size)
            throw invalid(`${JSON.stringify(key)} once`, 'it twice');
        }
      }
      at = end - 1;
    } else if (char === 0x7b || char === 0x5b) {
      if (++level > depth) throw invalid(`at most ${depth} levels`, 'more');
    } else if (char === 0x7d || char === 0x5d) {
      if (--level === 0) return ended(text, at + 1, found);
      if (level === 1) key = undefined;
    } else if (char === 0x2c && level === 1) key = undefined;
  }
  throw invalid('a whole object', 'one that is cut off');
}

function ended(text: string, from: number, found: Map<string, string>): Map<string, string> {
  for (let at = from; at < text.length; at++)
    if (!isSpace(text.charCodeAt(at))) throw invalid('nothing after the object', 'more text');
  return found;
}

/** Position after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let slash = quote - 1;
    while (text.charCodeAt(slash) === 0x5c) slash--;
    if ((quote - slash) % 2 === 1) return quote + 1;
  }
  throw invalid('a closing quote', 'the end of the text');
}

function nextChar(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at++;
  return text.charCodeAt(at);
}

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09;
}

function unescaped(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch (cause) {
    throw new InventoryFault('inventory-invalid', 'expected a JSON string, got a wrong escape', { cause });
  }
}

function invalid(expected: string, got: string): InventoryFault {
  return new InventoryFault('inventory-invalid', `expected ${expected}, got ${got}`);
}
