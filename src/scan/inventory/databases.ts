// An image may hold one package database twice: after an upgrade rpm's old form stays beside the new one,
// and a directory and a link to it are two names of one file.
import type { SquashedFile } from './squash.ts';

/** The order in which rpm itself moved from one form to the next. */
const rpmForms = ['Packages', 'Packages.db', 'rpmdb.sqlite'];

/**
 * Of several rpm databases the one written last stands: the highest layer, then the newest form. Every other
 * file is kept.
 */
export function chooseDatabases(files: readonly SquashedFile[]): SquashedFile[] {
  const rpms = files.filter((file) => isRpmDatabase(file.path) && file.result.packages.length > 0);
  if (rpms.length < 2) return [...files];
  const best = rpms.reduce((a, b) => (rank(b) > rank(a) ? b : a));
  return files.filter((file) => file === best || !rpms.includes(file));
}

function rank(file: SquashedFile): number {
  return file.layer * 10 + rpmForms.indexOf(nameOf(file.path));
}

function isRpmDatabase(path: string): boolean {
  return rpmForms.includes(nameOf(path)) && path.includes('rpm/');
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
