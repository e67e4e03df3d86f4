// The proof that both bases are one release of one distribution.
import { type Proof, proof } from './proof.ts';
import type { BaseView } from './view.ts';

export function proveDistribution(old: BaseView, next: BaseView): Proof {
  const before = old.inventory.osRelease;
  const after = next.inventory.osRelease;
  if (before === undefined && after === undefined)
    return hasNothing(old) && hasNothing(next)
      ? proof('distribution', 'yes', 'neither base has a distribution, a package or a library')
      : proof('distribution', 'unknown', 'neither base says which distribution it is');
  if (before === undefined || after === undefined)
    return proof(
      'distribution',
      'no',
      `only the ${before ? 'old' : 'new'} base says which distribution it is`,
    );
  const [was, is] = [before, after].map(({ id, versionId }) => `${id} ${versionId ?? ''}`.trim());
  if (before.id.toLowerCase() !== after.id.toLowerCase())
    return proof('distribution', 'no', `${was} became ${is}`);
  // distributions without rules of ours: the number before the first dot
  const releases = [
    [old, before],
    [next, after],
  ].map(([view, os]) => (view as BaseView).distribution?.release ?? majorOf(os as typeof before));
  if (releases[0] === undefined || releases[1] === undefined)
    return proof('distribution', 'unknown', `nothing says which release of ${before.id} the bases are`);
  if (releaseOf(before.id, releases[0]) !== releaseOf(before.id, releases[1]))
    return proof('distribution', 'no', `${was} became ${is}`);
  return proof('distribution', 'yes', was === is ? `both are ${was}` : `${was} → ${is}, the same release`);
}

/** Red Hat's and SUSE's minors are one release to whatever stands on them. */
function releaseOf(id: string, release: string): string {
  return /^(?:rhel|centos|sles)$/i.test(id) ? release.replace(/\..*$/, '') : release;
}

function majorOf({ versionId }: { versionId?: string }): string | undefined {
  return /^\d+/.exec(versionId ?? '')?.[0];
}

function hasNothing({ inventory, linked }: BaseView): boolean {
  return inventory.packages.length === 0 && linked.length === 0;
}
