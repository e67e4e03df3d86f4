// A scan result as somebody else's statement: only what a rule reads of it, checked for shape.
import type { Finding } from '../../scan/match/index.ts';
import { fieldOf, textOf } from './field.ts';

export interface ScanClaim {
  /** Ms since 1970. */
  scannedAt: number;
  digest: string;
  /** As found: what the scanner's own list set aside is open again. */
  findings: readonly Finding[];
  undecided: readonly { code: string; message: string; subject?: string; hint?: string }[];
  /** Names of the advisory sources that packages were judged by: `Debian`, `npm`. */
  used: readonly string[];
  /** Days since each source was checked, at the time of the scan; no entry: the source was not there. */
  ages: ReadonlyMap<string, number | undefined>;
}

/** Undefined when the value is no scan result of an image: one odd finding could be the one that matters. */
export function readClaim(value: unknown): ScanClaim | undefined {
  if (fieldOf(value, 'schemaVersion') !== 1 || fieldOf(value, 'target', 'kind') !== 'image') return undefined;
  const scannedAt = Date.parse(textOf(value, 'scannedAt') ?? '');
  const digest = textOf(value, 'target', 'digest');
  const findings = listOf(fieldOf(value, 'findings'), readFinding);
  const undecided = listOf(fieldOf(value, 'undecided'), readUndecided);
  const used = listOf(fieldOf(value, 'sources'), (item) => textOf(item, 'ecosystem')?.split(':')[0]);
  const database = fieldOf(value, 'database');
  const ages = database === undefined ? [] : listOf(fieldOf(database, 'sources'), readAge);
  if (Number.isNaN(scannedAt) || !digest || !findings || !undecided || !used || !ages) return undefined;
  return { scannedAt, digest, findings, undecided, used: [...new Set(used)], ages: new Map(ages) };
}

/** Undefined when the value is no list, or one item is not what it should be. */
function listOf<Item>(value: unknown, read: (item: unknown) => Item | undefined): Item[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items: Item[] = [];
  for (const entry of value) {
    const item = read(entry);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

const levels = new Set(['critical', 'high', 'medium', 'low', 'negligible', 'unknown']);
const states = new Set(['affected', 'not_affected', 'unknown']);
const origins = new Set(['base', 'app', 'unknown']);
const texts = ['id', 'purl', 'name', 'version', 'location'] as const;

function readFinding(value: unknown): Finding | undefined {
  const state = textOf(value, 'state') ?? '';
  const score = fieldOf(value, 'severity', 'score');
  const epss = fieldOf(value, 'epss');
  const kev = fieldOf(value, 'kev');
  const fixes = listOf(fieldOf(value, 'fixedIn'), (item) =>
    textOf(item, 'version') === undefined || !isOptional(fieldOf(item, 'channel'), 'string')
      ? undefined
      : item,
  );
  const aliases = listOf(fieldOf(value, 'aliases'), (item) => (typeof item === 'string' ? item : undefined));
  const isSound =
    texts.every((key) => textOf(value, key) !== undefined) &&
    states.has(state) &&
    // An unknown flaw without its reason, or a dismissed one, would be silence.
    (state === 'affected' || textOf(value, 'reason') !== undefined) &&
    levels.has(textOf(value, 'severity', 'level') ?? '') &&
    origins.has(textOf(value, 'introducedBy') ?? '') &&
    isOptional(score, 'number') &&
    isOptional(epss, 'number') &&
    (kev === undefined || typeof fieldOf(kev, 'ransomware') === 'boolean') &&
    fixes !== undefined &&
    aliases !== undefined &&
    isTime(fieldOf(value, 'published')) &&
    isTime(fieldOf(value, 'since'));
  if (!isSound) return undefined;
  const { suppressed: _, ...open } = value as Finding & { suppressed?: unknown };
  return open as Finding;
}

function readUndecided(value: unknown): ScanClaim['undecided'][number] | undefined {
  const code = textOf(value, 'code');
  const message = textOf(value, 'message');
  const subject = textOf(value, 'subject');
  const hint = textOf(value, 'hint');
  // The code becomes part of the verdict, where other programs look for it.
  if (code === undefined || !/^[a-z0-9-]{1,64}$/.test(code) || message === undefined) return undefined;
  return {
    code,
    message,
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function readAge(value: unknown): [string, number | undefined] | undefined {
  const name = textOf(value, 'name');
  const days = fieldOf(value, 'ageDays');
  if (name === undefined || !isOptional(days, 'number')) return undefined;
  return [name, days as number | undefined];
}

function isOptional(value: unknown, type: 'string' | 'number'): boolean {
  return value === undefined || typeof value === type;
}

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
}
