// Which images of a workload move: named by the old digest, or by a tag whose pods run it.
import { isDigest } from '../../image/index.ts';
import type { KubeObject } from '../kube/index.ts';
import { type DigestChange, groupOf, imagesOf, movedText, workloadKindOf } from '../workload/index.ts';
import { listOf, mapOf, textOf } from './facts.ts';
import type { MovedImage } from './record.ts';

export interface FoundMoves {
  images: MovedImage[];
  /** Named by a tag, and no pod says what it stands for. */
  byTag: string[];
}

const statusLists = ['initContainerStatuses', 'containerStatuses'] as const;

export function findMoves(
  workload: KubeObject,
  pods: readonly KubeObject[],
  change: DigestChange,
): FoundMoves {
  const found: FoundMoves = { images: [], byTag: [] };
  const kind = workloadKindOf(groupOf(workload.apiVersion), workload.kind);
  if (kind === undefined) return found;
  const running = runningDigests(pods);
  for (const { role, name, image } of imagesOf(workload, kind).images) {
    const moved = role === 'ephemeral' ? undefined : movedText(image, change);
    if (moved === undefined) continue;
    const digests = running.get(name) ?? new Set();
    // where pods run they decide: the tag may have stood for anything
    const isMeant =
      moved.named === 'digest' ||
      (role !== 'volume' && digests.size > 0 ? digests.has(change.from) : moved.tag === change.tag);
    if (isMeant) found.images.push({ role, name, before: image, good: moved.good, after: moved.after });
    else if (digests.size === 0) found.byTag.push(image);
  }
  return found;
}

/** By container: the digests that pods say they run. */
function runningDigests(pods: readonly KubeObject[]): Map<string, Set<string>> {
  const running = new Map<string, Set<string>>();
  for (const pod of pods) {
    const status = mapOf(pod.status);
    if (textOf(status, 'phase') === 'Failed' || pod.metadata.deletionTimestamp !== undefined) continue;
    for (const list of statusLists)
      for (const container of listOf(status[list])) {
        // `REPO@sha256:…`, `docker-pullable://REPO@sha256:…`; an image that was never pulled has no digest
        const id = textOf(container, 'imageID');
        const digest = id.slice(id.lastIndexOf('@') + 1);
        if (!id.includes('@') || !isDigest(digest)) continue;
        const name = textOf(container, 'name');
        running.set(name, (running.get(name) ?? new Set()).add(digest));
      }
  }
  return running;
}
