// Environment variables of a rebased image: key by key, and PATH part by part.
import type { Conflict } from './merge.ts';

/** `KEY=VALUE` texts, the last of one key counting, as a container sees them. The new base's order, then the image's own. */
export function mergedEnv(
  old: readonly string[],
  own: readonly string[],
  next: readonly string[],
  conflicts: Conflict[],
): string[] {
  const [before, mine, after] = [old, own, next].map(entriesOf) as [Entries, Entries, Entries];
  const result: string[] = [];
  for (const key of new Set([...after.keys(), ...mine.keys()])) {
    const was = before.get(key);
    const is = mine.get(key);
    const will = after.get(key);
    if (is === was) {
      if (will !== undefined) result.push(will);
    } else if (key === 'PATH' && is !== undefined && was !== undefined && will !== undefined)
      result.push(`PATH=${mergedPath(was.slice(5), is.slice(5), will.slice(5))}`);
    else {
      if (will !== was && is !== will)
        conflicts.push({
          field: `config.Env.${key}`,
          text: 'the image and the new base both changed it; the image’s own is kept',
        });
      if (is !== undefined) result.push(is);
    }
  }
  return result;
}

type Entries = Map<string, string>;

function entriesOf(env: readonly string[]): Entries {
  const entries: Entries = new Map();
  for (const entry of env) {
    const equals = entry.indexOf('=');
    entries.set(equals < 0 ? entry : entry.slice(0, equals), entry);
  }
  return entries;
}

/** What the image put before the base's directories stays before the new base's, and what it put behind stays behind. */
function mergedPath(old: string, own: string, next: string): string {
  const [before, mine, after] = [old, own, next].map((path) => path.split(':')) as [
    string[],
    string[],
    string[],
  ];
  const inherited = new Set(before);
  const first = mine.findIndex((part) => inherited.has(part));
  const ahead = mine.slice(0, first < 0 ? mine.length : first);
  const behind = first < 0 ? [] : mine.slice(first).filter((part) => !inherited.has(part));
  const dropped = new Set(before.filter((part) => !mine.includes(part)));
  const middle = after.filter(
    (part) => !dropped.has(part) && !ahead.includes(part) && !behind.includes(part),
  );
  return [...ahead, ...middle, ...behind].join(':');
}
