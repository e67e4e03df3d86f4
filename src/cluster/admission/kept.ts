// What was admitted stays admitted: pods that come back for a workload that ran the very digest already.
import type { KubeObject, OwnerReference } from '../kube/index.ts';
import { groupOf, imagesOf, workloadKindOf } from '../workload/index.ts';
import { isBuiltInController } from './askers.ts';
import type { Judged } from './judged.ts';
import type { ReviewRequest } from './review.ts';

/** One container of a workload, and the digest it last ran. */
export interface RanImage {
  /** The container's or volume's name, with its role: `container/web`. */
  use: string;
  /** As the workload's template names it. */
  image: string;
  digest: string;
}

export interface Memory {
  /** What the workload of that UID last ran. */
  ran(uid: string): readonly RanImage[];
}

/** Finds an object by an owner reference; undefined when there is none of that very UID. */
export type FindOwner = (owner: OwnerReference, namespace: string) => Promise<KubeObject | undefined>;

/** Owners that are followed: Pod → ReplicaSet → Deployment, and one more. */
const mostOwners = 4;

/** The built-in workload at the top of an object's controllers, by UID; undefined where the chain breaks. */
export async function rootOf(
  object: { metadata?: { ownerReferences?: unknown; namespace?: string } },
  namespace: string,
  find: FindOwner,
): Promise<KubeObject | undefined> {
  let root: KubeObject | undefined;
  let at = controllerOf(object);
  for (let i = 0; at !== undefined && i < mostOwners; i++) {
    if (workloadKindOf(groupOf(at.apiVersion), at.kind) === undefined) return root;
    root = await find(at, namespace);
    if (root === undefined) return undefined;
    at = controllerOf(root);
  }
  return root;
}

function controllerOf(object: { metadata?: { ownerReferences?: unknown } }): OwnerReference | undefined {
  const owners = object.metadata?.ownerReferences;
  if (!Array.isArray(owners)) return undefined;
  return (owners as Partial<OwnerReference>[]).find(
    (owner): owner is OwnerReference =>
      owner?.controller === true &&
      [owner.apiVersion, owner.kind, owner.name, owner.uid].every((text) => typeof text === 'string'),
  );
}

/**
 * Those of the refused images that the workload ran already. The controller's own account has to ask, the workload has
 * to be there under that UID, its template must still name the image as it did, and the digest be the one it last ran:
 * owner references alone prove nothing. A revoked digest is never kept.
 */
export async function keptImages(
  request: ReviewRequest,
  refused: readonly Judged[],
  memory: Memory,
  find: FindOwner,
): Promise<Set<Judged>> {
  const kept = new Set<Judged>();
  if (request.operation !== 'CREATE' || !isBuiltInController(request.asker.username)) return kept;
  const root = await rootOf(request.object ?? {}, request.namespace, find);
  const uid = root?.metadata.uid;
  if (root === undefined || uid === undefined) return kept;
  const ran = memory.ran(uid);
  if (ran.length === 0) return kept;
  const template = imagesOf(root, { group: groupOf(root.apiVersion), kind: root.kind });
  const named = new Map(template.images.map(({ role, name, image }) => [`${role}/${name}`, image]));
  const isPod = request.kind.kind === 'Pod';
  for (const one of refused) {
    if (one.verdict?.rules.some(({ code }) => code === 'revoked')) continue;
    const all = one.uses.every((use) => {
      const key = `${use.role}/${use.name}`;
      const before = ran.find((item) => item.use === key);
      if (before === undefined || named.get(key) !== before.image) return false;
      const digest = digestIn(use.image) ?? (one.verdict?.digest || undefined);
      // What a controller makes on the way to a pod runs nothing itself; the pod's own name is judged when it comes.
      if (digest === undefined) return use.image === before.image;
      return digest === before.digest || (!isPod && use.image === before.image);
    });
    if (all) kept.add(one);
  }
  return kept;
}

/** The digest that an image's text carries. */
export function digestIn(image: string): string | undefined {
  const at = image.indexOf('@');
  return at < 0 ? undefined : image.slice(at + 1);
}
