// What an update changed, by the names that look-ups go by: so that only what looked there is judged again.
import type { DatabaseSync } from 'node:sqlite';
import { baseOf } from './names.ts';

/** Names of what changed; `all`: more than is worth naming, or nobody knows what there was before. */
export type AdvisoryDelta =
  | 'all'
  | {
      /** As `lookup` is asked; without a name: the ecosystem has rows now and had none, or the other way round. */
      packages: { ecosystem: string; name: string }[];
      /** Of records, and of flaws that they name or rate. */
      ids: string[];
      /** CVEs that came into CISA's catalogue or left it, or whose entry changed. */
      kev: string[];
    };

/** More names than this are `all`. */
export const mostDeltaNames = 50_000;

export class DeltaWriter {
  readonly #packages = new Map<string, { ecosystem: string; name: string }>();
  readonly #ids = new Set<string>();
  readonly #kev = new Set<string>();
  readonly #most: number;

  constructor(most: number = mostDeltaNames) {
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#packages.size + this.#ids.size + this.#kev.size > this.#most;
  }

  addPackage(ecosystem: string, name: string): void {
    if (!this.isFull) this.#packages.set(`${ecosystem}\0${name}`, { ecosystem, name });
  }

  addIds(ids: Iterable<string>): void {
    for (const id of ids) if (!this.isFull) this.#ids.add(id);
  }

  addKev(cve: string): void {
    if (!this.isFull) this.#kev.add(cve);
  }

  /** An ecosystem that came or went changes what is asked at all. */
  addEcosystems(before: ReadonlySet<string>, after: ReadonlySet<string>): void {
    for (const name of [...before, ...after]) {
      if (before.has(name) && after.has(name)) continue;
      this.addPackage(name, '');
      this.addPackage(baseOf(name), '');
    }
  }

  delta(): AdvisoryDelta {
    if (this.isFull) return 'all';
    return { packages: [...this.#packages.values()], ids: [...this.#ids], kev: [...this.#kev] };
  }
}

/** Ecosystems (with release) that have rows. */
export function filledEcosystems(db: DatabaseSync): Set<string> {
  const rows = db.prepare('SELECT name FROM ecosystem WHERE entries > 0').all();
  return new Set(rows.map((row) => String(row['name'])));
}
