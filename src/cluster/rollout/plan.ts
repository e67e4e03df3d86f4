// What a rollout would do in one cluster: what moves, what is finished that somebody began, what is left and why.
import type { Clock } from '../../core/index.ts';
import type { Cluster, KubeObject } from '../kube/index.ts';
import { type DigestChange, type Owner, ownerOf } from '../workload/index.ts';
import { isMovable, type MovableKind, readCensus, type WorkloadCensus } from './census.ts';
import { countOf, mapOf } from './facts.ts';
import { findMoves } from './find.ts';
import { type Hold, holdOf, holdsOf } from './hold.ts';
import { isUnderWay, type MovedImage, type RolloutRecord, recordOf } from './record.ts';
import { type LeftWhy, unsettled } from './settled.ts';

export interface WorkloadName {
  context: string;
  kind: string;
  namespace: string;
  name: string;
}

export interface PlannedMove extends WorkloadName {
  kind: MovableKind;
  uid: string;
  images: MovedImage[];
  /** Of a DaemonSet: pods that are not available already now. */
  unavailable: number;
  /** What a reader should know beside: it was applied from a manifest, an autoscaler has it. */
  notes: string[];
  /** Begun by another run: it is followed to its end, whatever that is. */
  begun?: RolloutRecord;
}

export interface LeftAlone extends WorkloadName {
  why: LeftWhy;
  text: string;
  owner?: Owner;
  /** The change to make where it comes from. */
  change?: { before: string; after: string }[];
}

export interface RolloutPlan {
  cluster: Cluster;
  change: DigestChange;
  moves: PlannedMove[];
  left: LeftAlone[];
  /** The new digest is on hold; only what was begun is finished. */
  holds: { workload: WorkloadName; hold: Hold }[];
  /** What the same run came to before: it is not begun again. */
  ended: { workload: WorkloadName; record: RolloutRecord }[];
  /** Workloads that run the new digest already. */
  already: number;
  /** False: only the named namespaces could be read; the digest may be on hold elsewhere. */
  isWhole: boolean;
}

export interface PlanOptions {
  namespaces?: readonly string[];
  clock: Clock;
  /** Of the run that it is for, where that may have been begun before. */
  id?: string;
}

/** Reads only. Throws KubeFault, NetFault. */
export async function planRollout(
  cluster: Cluster,
  change: DigestChange,
  { namespaces = [], clock, id }: PlanOptions,
): Promise<RolloutPlan> {
  const { census, isWhole } = await readCensus(cluster, namespaces);
  const now = clock.now().getTime() + cluster.clockAhead;
  return { ...planOf(cluster, change, census, now, namespaces, id), isWhole };
}

/** What other runs began and did not end, whatever it moves to; one plan for each change. Throws KubeFault, NetFault. */
export async function planResume(
  cluster: Cluster,
  { namespaces = [], clock }: PlanOptions,
): Promise<RolloutPlan[]> {
  const { census, isWhole } = await readCensus(cluster, namespaces);
  const now = clock.now().getTime() + cluster.clockAhead;
  const changes = new Map<string, DigestChange>();
  for (const record of census.workloads.flatMap((object) => readableRecord(object) ?? [])) {
    const slash = record.repository.indexOf('/');
    const [domain, repository] = [record.repository.slice(0, slash), record.repository.slice(slash + 1)];
    const change = { domain, repository, from: record.from, to: record.to };
    changes.set(JSON.stringify(change), change);
  }
  return [...changes.values()].flatMap((change) => {
    const plan = planOf(cluster, change, census, now, namespaces);
    const moves = plan.moves.filter(({ begun }) => begun?.from === change.from);
    return moves.length === 0 ? [] : [{ ...plan, moves, left: [], holds: [], isWhole }];
  });
}

export function planOf(
  cluster: Cluster,
  change: DigestChange,
  census: WorkloadCensus,
  now: number,
  namespaces: readonly string[] = [],
  id?: string,
): RolloutPlan {
  const plan: RolloutPlan = {
    cluster,
    change,
    moves: [],
    left: [],
    holds: [],
    ended: [],
    already: 0,
    isWhole: true,
  };
  for (const object of census.workloads) {
    readHold(plan, object, now);
    if (namespaces.length === 0 || namespaces.includes(object.metadata.namespace ?? ''))
      planWorkload(plan, object, census.podsOf(object), id);
  }
  planBackOut(plan, census);
  if (plan.holds.length > 0) {
    const text = 'the new digest is on hold';
    plan.left.push(
      ...plan.moves
        .filter(({ begun }) => !begun)
        .map((move) => ({ ...nameOf(move), why: 'held' as const, text })),
    );
    plan.moves = plan.moves.filter(({ begun }) => begun !== undefined);
  }
  return plan;
}

function readHold(plan: RolloutPlan, object: KubeObject, now: number): void {
  const { change } = plan;
  let hold: Hold | undefined;
  try {
    hold = isMovable(object.kind) ? holdOf(holdsOf(object), change.to, now) : undefined;
  } catch {
    // said where the workload itself is planned
  }
  if (hold?.repository === repositoryOf(change))
    plan.holds.push({ workload: workloadOf(plan, object), hold });
}

/** Of a rollout that moves all or nothing, those that had arrived when another one failed. */
function planBackOut(plan: RolloutPlan, census: WorkloadCensus): void {
  const records = census.workloads.flatMap((object) => {
    const record = readableRecord(object);
    return record?.together && record.to === plan.change.to && record.repository === repositoryOf(plan.change)
      ? [{ object, record }]
      : [];
  });
  const failed = new Set(
    records
      .filter(({ record }) => ['returning', 'returned', 'stuck'].includes(record.state))
      .map(({ record }) => record.id),
  );
  for (const { object, record } of records)
    if (['moved', 'unproven'].includes(record.state) && failed.has(record.id) && isMovable(object.kind))
      plan.moves.push({ ...moveOf(plan, object, object.kind), images: record.images, begun: record });
}

function readableRecord(object: KubeObject): RolloutRecord | undefined {
  try {
    return isMovable(object.kind) ? recordOf(object) : undefined;
  } catch {
    return undefined;
  }
}

function repositoryOf({ domain, repository }: DigestChange): string {
  return `${domain}/${repository}`;
}

function workloadOf({ cluster }: RolloutPlan, { kind, metadata }: KubeObject): WorkloadName {
  return { context: cluster.context, kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

function moveOf(plan: RolloutPlan, object: KubeObject, kind: MovableKind): Omit<PlannedMove, 'images'> {
  const { uid = '' } = object.metadata;
  return {
    ...workloadOf(plan, object),
    kind,
    uid,
    unavailable: unavailableOf(object),
    notes: notesOf(object),
  };
}

function planWorkload(
  plan: RolloutPlan,
  object: KubeObject,
  pods: readonly KubeObject[],
  id: string | undefined,
): void {
  const { change } = plan;
  const workload = workloadOf(plan, object);
  const leave = (why: LeftWhy, text: string, more: Partial<LeftAlone> = {}) =>
    plan.left.push({ ...workload, why, text, ...more });
  const found = findMoves(object, pods, change);
  const kind = object.kind;
  if (!isMovable(kind)) {
    if (found.images.length > 0 && !isEnded(object))
      leave('not-movable', fixedText(kind), { change: found.images });
    return;
  }
  let record: RolloutRecord | undefined;
  try {
    record = recordOf(object);
    holdsOf(object);
  } catch (error) {
    if (found.images.length > 0) leave('unreadable', (error as Error).message);
    return;
  }
  const move = moveOf(plan, object, kind);
  if (record !== undefined && isUnderWay(record)) {
    const isOurs = record.to === change.to && record.repository === repositoryOf(change);
    if (isOurs) plan.moves.push({ ...move, images: record.images, begun: record });
    else if (found.images.length > 0)
      leave('moving', `it is already moving to ${record.to}, begun ${record.started} by ${record.by}`);
    return;
  }
  if (record !== undefined && record.id === id) {
    plan.ended.push({ workload, record });
    return;
  }
  if (found.images.length === 0) {
    if (findMoves(object, [], { ...change, from: change.to }).images.length > 0) plan.already++;
    for (const image of found.byTag)
      leave(
        'by-tag',
        `names ${image} and has no pods that say which digest that is; name the tag beside the old digest`,
      );
    return;
  }
  const owner = ownerOf(object);
  if (owner !== undefined) {
    leave('owned', ownerText(owner), { owner, change: found.images });
    return;
  }
  const problem = unsettled(object, kind);
  if (problem !== undefined) leave(problem.why, problem.text);
  else plan.moves.push({ ...move, images: found.images });
}

function nameOf({ context, kind, namespace, name }: WorkloadName): WorkloadName {
  return { context, kind, namespace, name };
}

/** A Pod or Job that has ended runs nothing. */
function isEnded({ kind, status }: KubeObject): boolean {
  const { phase, completionTime, conditions } = mapOf(status);
  if (kind === 'Pod') return phase === 'Succeeded' || phase === 'Failed';
  const isFailed =
    Array.isArray(conditions) && conditions.some((one) => one?.type === 'Failed' && one?.status === 'True');
  return kind === 'Job' && (completionTime !== undefined || isFailed);
}

function fixedText(kind: string): string {
  if (kind === 'Pod')
    return 'a bare pod: nothing would bring it back; delete it and make it anew with the new digest';
  if (kind === 'Job')
    return 'a Job’s template cannot change: make it anew with the new digest, or let it end';
  return `a bare ${kind} does not replace its pods when its template changes: make it a Deployment`;
}

function ownerText({ by, name, evidence }: Owner): string {
  const who = {
    argocd: 'Argo CD application',
    flux: 'Flux',
    helm: 'Helm release',
    fleet: 'Fleet',
    kapp: 'kapp application',
    'config-sync': 'Config Sync',
    'addon-manager': 'an add-on manager',
    operator: 'operator of',
  }[by];
  return `kept by ${who}${name === '' ? '' : ` ${name}`} (${evidence}): change it there, or it is put back`;
}

function unavailableOf(object: KubeObject): number {
  return object.kind === 'DaemonSet' ? countOf(mapOf(object.status), 'numberUnavailable') : 0;
}

function notesOf({ metadata }: KubeObject): string[] {
  const isApplied = metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] !== undefined;
  return isApplied ? ['was applied from a manifest: change it there too (--git)'] : [];
}
