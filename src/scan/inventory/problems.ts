// What was wrong in a file of which the rest could be read: one undecided for the file, however much it was.
import { type Undecided, undecided } from '../../core/index.ts';
import type { FoundPackage } from './inventory.ts';
import { plainText } from './token.ts';

/** Gathers the problems of one file; hostile files have millions, so only the first is kept in words. */
export class Problems {
  readonly #path: string;
  #first = '';
  #count = 0;
  #limit = '';

  constructor(path: string) {
    this.#path = path;
  }

  /** Something in the file is not what its format asks for. */
  add(message: string): void {
    if (this.#count++ === 0) this.#first = plainText(message);
  }

  /** A bound ended the reading of a part of the file. */
  addLimit(message: string): void {
    this.#limit ||= plainText(message);
  }

  /** Adds a package, unless the bound of packages is reached: then that is named. */
  keep(packages: FoundPackage[], found: FoundPackage | undefined, limit: number): found is FoundPackage {
    if (found === undefined) return false;
    if (packages.length < limit) packages.push(found);
    else this.addLimit(`expected at most ${limit} packages, got more`);
    return packages.at(-1) === found;
  }

  /** The first problem in words; empty when there is none. */
  get first(): string {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }

  list(): Undecided[] {
    const list: Undecided[] = [];
    const more = this.#count > 1 ? ` (and ${this.#count - 1} more such problems)` : '';
    if (this.#count > 0)
      list.push(
        undecided('package-database-unreadable', `${this.#path}: ${this.#first}${more}`, {
          subject: this.#path,
        }),
      );
    if (this.#limit !== '')
      list.push(undecided('limit-reached', `${this.#path}: ${this.#limit}`, { subject: this.#path }));
    return list;
  }
}
