// Findings set aside by a person, always with a reason, an author and an end; the same list a policy will hold.
import { purlCovers } from './covers.ts';
import type { Finding, Suppressed } from './finding.ts';
import { pathFits } from './pathfits.ts';

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
