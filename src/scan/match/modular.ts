// Red Hat's modules: several streams of one package side by side, each with errata of its own.
import type { AdvisoryRow } from '../advisory/index.ts';
import type { Package } from '../inventory/index.ts';

export type ModuleFit = 'applies' | 'other' | { unknown: string };

/**
 * Whether a row speaks of the module stream that a package is from. A modular build carries `.module` in its
 * release; OSV names the stream in the erratum's summary only (`nodejs:18 security update`).
 */
export function moduleFit(row: AdvisoryRow, item: Package): ModuleFit {
  const modularRow = row.ranges.some(({ events }) =>
    events.some(({ kind, version }) => kind === 'fixed' && /\.module[+_]/.test(version)),
  );
  const label = item.modularity && item.modularity !== '(none)' ? item.modularity.split(':') : undefined;
  if (!modularRow) return label === undefined ? 'applies' : 'other';
  if (label === undefined) return 'other';
  const [name, stream] = label;
  const named = [...(row.summary ?? '').matchAll(/([\w.+-]+):([\w.+-]+)/g)].map((found) => [
    found[1],
    found[2]?.replace(/\.$/, ''),
  ]);
  const sameName = named.filter(([module]) => module === name);
  if (sameName.length === 0)
    return {
      unknown: `${row.id} fixes a modular build without naming the stream; the package is of ${name}:${stream}`,
    };
  return sameName.some(([, found]) => found === stream) ? 'applies' : 'other';
}
