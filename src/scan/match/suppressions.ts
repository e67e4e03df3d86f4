// Findings set aside by a person, always with a reason, an author and an end; the same list a policy will hold.
import { parsePurl } from '../package/index.ts';
import type { Finding, Suppressed } from './finding.ts';

/** OpenVEX's justifications (OpenVEX specification, "Status Justifications"). */
export const justifications = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const;

export interface Suppression {
  /** The flaw: a CVE or any other id of it. */
  id: string;
  /** The package; without a version every version of it. */
  purl: string;
  /** Narrows to evidence at this path; `*` is any part of a name, `**` any number of directories. */
  path?: string | undefined;
  kind: 'not_affected' | 'accepted';
  justification?: (typeof justifications)[number] | undefined;
  reason: string;
  author: string;
  /** Last day it holds, YYYY-MM-DD. */
  expires: string;
}

/** How a list of suppressions was used. */
export class Suppressor {
  readonly #items: { item: Suppression; used: boolean; expired: boolean }[];

  constructor(items: readonly Suppression[], now: Date) {
    const today = now.toISOString().slice(0, 10);
    this.#items = items.map((item) => ({ item, used: false, expired: item.expires < today }));
  }

  /** The finding, set aside where one holds; one that ran out is remembered instead. */
  apply(finding: Finding): Finding {
    const fitting = this.#items.filter(({ item }) => fits(item, finding));
    for (const entry of fitting) entry.used = true;
    const holding = fitting.find((entry) => !entry.expired)?.item;
    if (holding === undefined) return finding;
    const suppressed: Suppressed = {
      kind: holding.kind,
      reason: holding.reason,
      author: holding.author,
      expires: holding.expires,
      ...(holding.justification ? { justification: holding.justification } : {}),
    };
    return { ...finding, suppressed, priority: 0 };
  }

  /** Those that ran out while their finding is still there: they no longer hold, and must be seen. */
  expired(): Suppression[] {
    return this.#items.filter((entry) => entry.used && entry.expired).map((entry) => entry.item);
  }

  unused(): Suppression[] {
    return this.#items.filter((entry) => !entry.used).map((entry) => entry.item);
  }
}

function fits(item: Suppression, finding: Finding): boolean {
  if (item.id !== finding.id && !finding.aliases.includes(item.id)) return false;
  if (!purlCovers(item.purl, finding.purl)) return false;
  return item.path === undefined || pathFits(item.path, finding.location);
}

/** Whether a pattern purl names a package: what the pattern leaves out is free. */
export function purlCovers(pattern: string, purl: string): boolean {
  const wanted = parsePurl(pattern);
  const found = parsePurl(purl);
  if (wanted === undefined || found === undefined) return false;
  if (
    wanted.type !== found.type ||
    wanted.name !== found.name ||
    (wanted.namespace ?? '') !== (found.namespace ?? '')
  )
    return false;
  if (wanted.version !== undefined && wanted.version !== found.version) return false;
  return Object.entries(wanted.qualifiers).every(([key, value]) => found.qualifiers[key] === value);
}

/** Matched part by part without a regular expression of the reader's making. */
export function pathFits(pattern: string, path: string): boolean {
  return partsFit(pattern.replace(/^\/+/, '').split('/'), path.split('/'));
}

function partsFit(pattern: readonly string[], path: readonly string[]): boolean {
  // reach[j]: the pattern so far fits the first j parts.
  let reach = path.map(() => false).concat(false);
  reach[0] = true;
  for (const part of pattern) {
    const next = reach.map(() => false);
    let open = false;
    for (let j = 0; j <= path.length; j++) {
      if (part === '**') {
        open ||= reach[j]!;
        next[j] = open;
      } else if (j > 0 && reach[j - 1] && partFits(part, path[j - 1]!)) next[j] = true;
    }
    reach = next;
  }
  return reach[path.length]!;
}

function partFits(pattern: string, text: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === text;
  const last = pieces.pop()!;
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    const found = i === 0 ? (text.startsWith(piece) ? 0 : -1) : text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
