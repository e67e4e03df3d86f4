// Proofs on packages: nothing gone back, nothing gone.
import { canonicalPath, pathHash } from '../../scan/inventory/index.ts';
import { type PackageChange, type PackageChanges, packageChanges } from '../../scan/match/index.ts';
import { type Proof, proof } from './proof.ts';
import type { RebaseBase } from './sides.ts';
import type { BaseView } from './view.ts';

const changesOf = new WeakMap<BaseView, WeakMap<BaseView, PackageChanges>>();

/** Between two bases; computed once for each pair. */
export function baseChanges(old: BaseView, next: BaseView): PackageChanges {
  const known = changesOf.get(old) ?? new WeakMap<BaseView, PackageChanges>();
  changesOf.set(old, known);
  const found = known.get(next) ?? packageChanges(old.inventory, next.inventory);
  known.set(next, found);
  return found;
}

/** A renewal never takes fixes back: not by package, not by release, not by date. */
export function proveForward(old: RebaseBase, next: RebaseBase): Proof {
  const { upgraded, downgraded, unordered, added, removed } = baseChanges(old.view, next.view);
  if (downgraded.length > 0)
    return proof(
      'forward',
      'no',
      `the new base has gone back to an older version of ${downgraded[0]!.name}`,
      downgraded.map(stepOf),
    );
  const [was, is] = [old, next].map(({ view }) => view.inventory.osRelease);
  const before = was?.versionId;
  const after = was?.id === is?.id ? is?.versionId : undefined;
  if (before !== undefined && after !== undefined && isOlder(after, before))
    return proof('forward', 'no', `the new base has gone back to an older version: ${before} → ${after}`);
  if (unordered.length > 0)
    return proof(
      'forward',
      'unknown',
      `nobody can say whether ${unordered[0]!.name} has gone back to an older version`,
      unordered.map(stepOf),
    );
  const made = [old, next].map(({ config }) => dateOf(config.created));
  if (upgraded.length === 0 && made[0] !== undefined && made[1] !== undefined && made[1] < made[0])
    return proof(
      'forward',
      'no',
      `the new base has gone back to an older version: made ${dayOf(made[0])}, now ${dayOf(made[1])}`,
    );
  return proof(
    'forward',
    'yes',
    `${count(upgraded.length, 'package')} newer, ${added.length} added, ${removed.length} removed, none older`,
  );
}

/** A package that only brought libraries, all of which are still there by their sonames, was renamed. */
export function provePackages(old: BaseView, next: BaseView): Proof {
  const { removed } = baseChanges(old, next);
  const gone = removed.filter((change) => !isRenamed(change, old, next));
  if (gone.length > 0)
    return proof(
      'packages',
      'no',
      `the new base no longer has ${gone[0]!.name}${gone.length > 1 ? ` and ${count(gone.length - 1, 'other package')}` : ''}`,
      gone.map(({ type, name, before }) => `${type} ${name} ${before ?? ''}`.trim()),
    );
  return proof(
    'packages',
    'yes',
    removed.length === 0
      ? 'the new base has every package of the old one'
      : `${count(removed.length, 'package')} of the old base have other names, and every library is still there`,
    removed.map(({ name }) => name),
  );
}

function isRenamed({ name, arch }: PackageChange, old: BaseView, next: BaseView): boolean {
  const owners = new Set([name, `${name}:${arch ?? ''}`]);
  const owns = (path: string): boolean => owners.has(old.owners.get(pathHash(canonicalPath(path))) ?? '');
  const libraries = old.linked.filter(({ path, soname }) => soname !== undefined && owns(path));
  return (
    libraries.length > 0 &&
    libraries.every(({ soname }) => next.provided.has(soname!)) &&
    !old.layers.some(({ executables }) => executables.some(owns))
  );
}

function stepOf({ type, name, before, after }: PackageChange): string {
  return `${type} ${name} ${before ?? ''} → ${after ?? ''}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => (/^[\d.]+$/.test(text) ? text.split('.').map(Number) : []));
  for (let at = 0; at < Math.min(left!.length, right!.length); at++)
    if (left![at] !== right![at]) return left![at]! < right![at]!;
  return false;
}

/** Reproducible builds write the beginning of 1970 or of 1980 (zip's), which is no date. */
const earliest = Date.parse('1980-01-03T00:00:00Z');

function dateOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return time >= earliest ? time : undefined;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
