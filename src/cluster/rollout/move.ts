// One workload's rollout as a machine whose state stands on the workload: any process can take the next step, and two
// that do it at once take it once.
import type { Clock } from '../../core/index.ts';
import { isFault } from '../../core/index.ts';
import type { Cluster, KubeObject } from '../kube/index.ts';
import { type DigestChange, type JsonPatch, workloadKinds } from '../workload/index.ts';
import type { MovableKind } from './census.ts';
import { changeWorkload, imagePatches, memoryPatches, type WorkloadRef } from './change.ts';
import { judgeCronJob, testJobName } from './cronjob.ts';
import { judgeDaemonSet } from './daemonset.ts';
import { judgeDeployment } from './deployment.ts';
import { lineOf } from './facts.ts';
import { type Followed, follow } from './follow.ts';
import type { Judgement, Seen, Target } from './judgement.ts';
import type { PlannedMove, WorkloadName } from './plan.ts';
import { isUnderWay, type MovedImage, type RolloutRecord, type RolloutState, recordOf } from './record.ts';
import { unsettled } from './settled.ts';
import { judgeStatefulSet, podsInTheWay } from './statefulset.ts';
import { createTestJob, removeTestJob } from './testjob.ts';

export interface MoveSetting {
  cluster: Cluster;
  change: DigestChange;
  /** Of this run. */
  id: string;
  by: string;
  cause?: string;
  /** Ms without progress. */
  patience: number;
  /** Restarts of a container that count as a crash loop. */
  restarts: number;
  /** Ms that pods have to have been ready. */
  settle: number;
  together: boolean;
  testJob: boolean;
  clock: Clock;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  onStep(step: Step): void;
}

export interface Step extends WorkloadName {
  step: 'begun' | 'found' | 'progress' | 'returning';
  text: string;
}

export interface Outcome extends WorkloadName {
  /** `refused` by an admission, `missing` and `left`: nothing was changed. */
  state: RolloutState | 'refused' | 'missing' | 'left';
  reason: string;
  images: MovedImage[];
}

const judges: Record<MovableKind, (seen: Seen, target: Target) => Judgement> = {
  Deployment: judgeDeployment,
  StatefulSet: judgeStatefulSet,
  DaemonSet: judgeDaemonSet,
  CronJob: judgeCronJob,
};

/** Moves it, or takes up where another run stopped. Throws KubeFault, NetFault, AbortError: the next run goes on. */
export async function moveWorkload(move: PlannedMove, setting: MoveSetting): Promise<Outcome> {
  const mover = new Mover(move, setting);
  if (move.begun === undefined) {
    const stopped = await mover.begin();
    if (stopped !== undefined) return stopped;
  } else mover.say('found', `begun ${move.begun.started} by ${move.begun.by}`);
  return mover.finish();
}

/** One that had arrived goes back, because another one of its rollout failed. */
export async function returnWorkload(
  move: PlannedMove,
  reason: string,
  setting: MoveSetting,
): Promise<Outcome> {
  const mover = new Mover(move, setting);
  await mover.turnBack(['moved', 'unproven'], reason, false);
  return mover.finish();
}

class Mover {
  readonly #move: PlannedMove;
  readonly #setting: MoveSetting;
  readonly #ref: WorkloadRef;
  #isFresh = false;

  constructor(move: PlannedMove, setting: MoveSetting) {
    this.#move = move;
    this.#setting = setting;
    const { kind, namespace, name, uid } = move;
    this.#ref = { resource: workloadKinds[kind], namespace, name, uid };
  }

  say(step: Step['step'], text: string): void {
    this.#setting.onStep({ ...this.#named(), step, text });
  }

  /** Images and memory in one patch, made only to the state that was read. Undefined: go on. */
  async begin(): Promise<Outcome | undefined> {
    const { cluster, change, id, by, cause, patience, together, testJob } = this.#setting;
    const { kind, images, unavailable } = this.#move;
    let left = 'its images were changed meanwhile';
    let isJoined = false;
    const make = (object: KubeObject): JsonPatch[] | undefined => {
      const there = recordOf(object);
      if (there !== undefined && isUnderWay(there)) {
        isJoined = there.to === change.to && there.repository === `${change.domain}/${change.repository}`;
        left = `it is already moving to ${there.to}, begun by ${there.by}`;
        return undefined;
      }
      const problem = unsettled(object, kind);
      if (problem !== undefined) {
        left = problem.text;
        return undefined;
      }
      const patches = imagePatches(object, this.#ref.resource, images, ['before'], 'after');
      if (patches === undefined) return undefined;
      const now = this.#now();
      const record: RolloutRecord = {
        version: 1,
        id,
        state: 'moving',
        repository: `${change.domain}/${change.repository}`,
        from: change.from,
        to: change.to,
        images,
        unavailable,
        by,
        ...(cause === undefined ? {} : { cause }),
        started: iso(now),
        patience,
        deadline: iso(now + patience),
        ...(together ? { together } : {}),
        ...(testJob && kind === 'CronJob' ? { testJob } : {}),
      };
      const why = `${short(change.from)} to ${short(change.to)}${cause === undefined ? '' : `: ${cause}`}`;
      return [
        ...patches,
        ...memoryPatches(object, { record, cause: lineOf(`seaworthy rollout: ${why}`, 500) }),
      ];
    };
    try {
      if ((await changeWorkload(cluster, this.#ref, make)) !== undefined) {
        this.#isFresh = true;
        this.say('begun', images.map(({ name }) => name).join(', '));
        return undefined;
      }
    } catch (error) {
      if (isFault(error) && error.code === 'refused')
        return this.#outcome('refused', lineOf(error.message, 1000));
      throw error;
    }
    if (isJoined) return undefined;
    const isThere =
      (await cluster.get(this.#ref.resource, this.#ref.name, this.#ref.namespace)) !== undefined;
    return isThere ? this.#outcome('left', left) : this.#outcome('missing', 'it is gone');
  }

  /** Step by step, each from what the workload remembers by then. */
  async finish(): Promise<Outcome> {
    const { cluster } = this.#setting;
    for (;;) {
      const object = await cluster.get(this.#ref.resource, this.#ref.name, this.#ref.namespace);
      if (object === undefined || object.metadata.uid !== this.#ref.uid)
        return this.#outcome('missing', 'it is gone');
      const record = recordOf(object);
      if (record === undefined) return this.#outcome('overtaken', 'its record was removed by somebody else');
      const isBackOut = this.#move.begun?.together && ['moved', 'unproven'].includes(record.state);
      if (record.state === 'moving') await this.#forward(object, record);
      else if (record.state === 'returning') await this.#backward(object, record);
      else if (isBackOut && record.id === this.#move.begun?.id)
        await this.turnBack(['moved', 'unproven'], 'another workload of the same rollout failed', false);
      else return this.#outcome(record.state, record.reason ?? '', record.images);
    }
  }

  async #forward(object: KubeObject, record: RolloutRecord): Promise<void> {
    const { cluster } = this.#setting;
    const testJob = record.testJob ? testJobName(this.#ref.name, record.id) : undefined;
    let seen: Followed | undefined;
    if (testJob !== undefined) {
      const refused = await createTestJob(cluster, object, testJob, record);
      if (refused !== undefined) seen = { state: 'failed', text: refused };
    }
    seen ??= await this.#follow(object, record, 'after', testJob);
    if (testJob !== undefined && seen.state !== 'missing')
      await removeTestJob(cluster, this.#ref.namespace, testJob, record);
    const { state, text } = seen;
    if (state === 'done') await this.#end(['moving'], 'moved', text);
    else if (state === 'overtaken') await this.#end(['moving'], 'overtaken', text);
    else if (state === 'unproven') await this.#end(['moving'], 'unproven', text);
    else if (state === 'late' && this.#move.kind === 'CronJob') {
      const why = `${text}: none came to its end in time; it runs the new digest next (--test-job would prove it now)`;
      await this.#end(['moving'], 'unproven', why);
    } else if (state === 'late') await this.turnBack(['moving'], `no progress in time: ${text}`);
    else if (state === 'failed') await this.turnBack(['moving'], text);
  }

  async #backward(object: KubeObject, record: RolloutRecord): Promise<void> {
    const { state, text } = await this.#follow(object, record, 'good', undefined);
    if (state === 'done') await this.#end(['returning'], 'returned', record.reason ?? text);
    else if (state === 'overtaken') await this.#end(['returning'], 'overtaken', text);
    else if (state !== 'missing')
      await this.#end(['returning'], 'stuck', `${record.reason ?? ''}; and the way back: ${text}`);
  }

  async #follow(
    object: KubeObject,
    record: RolloutRecord,
    way: Target['way'],
    testJob: string | undefined,
  ): Promise<Followed> {
    const { cluster, clock, sleep, signal, restarts, settle } = this.#setting;
    const now = this.#now();
    // taken up after a break: what is seen counts, not how long nobody looked
    const least = this.#isFresh ? 0 : now + Math.min(record.patience, 60_000);
    const target = {
      images: record.images,
      way,
      digest: way === 'after' ? record.to : record.from,
      generation: object.metadata.generation ?? 0,
      since: way === 'after' ? Date.parse(record.started) : Date.parse(record.deadline) - record.patience,
      unavailable: record.unavailable,
      restarts,
      settle,
    };
    return follow({
      cluster,
      ref: this.#ref,
      object,
      judge: (seen, at) => judges[this.#move.kind](seen, { ...target, now: at }),
      act: async (seen) => {
        if (way === 'good' && this.#move.kind === 'StatefulSet')
          await this.#clear(podsInTheWay(seen, { ...target, now: 0 }, record.to));
      },
      ...(testJob === undefined ? {} : { testJob }),
      since: Date.parse(record.started) - 1000,
      deadline: Math.max(Date.parse(record.deadline), least),
      patience: record.patience,
      clock,
      sleep,
      signal,
      onText: (text) => this.say('progress', text),
    });
  }

  /** Only those very pods: one that has the same name by now is another. */
  async #clear(pods: readonly KubeObject[]): Promise<void> {
    for (const { metadata } of pods) {
      const only = metadata.uid === undefined ? {} : { uid: metadata.uid };
      try {
        await this.#setting.cluster.delete(workloadKinds.Pod, metadata.name, this.#ref.namespace, only);
      } catch (error) {
        if (!isFault(error) || error.code !== 'conflict') throw error;
      }
    }
  }

  /** Last good images, memory and hold in one patch; nothing where somebody did it already. */
  async turnBack(from: readonly RolloutState[], reason: string, isHeld = true): Promise<void> {
    const { cluster, by } = this.#setting;
    const done = await changeWorkload(cluster, this.#ref, (object) => {
      const record = recordOf(object);
      if (record === undefined || !from.includes(record.state)) return undefined;
      const now = this.#now();
      const patches = imagePatches(object, this.#ref.resource, record.images, ['after'], 'good');
      if (patches === undefined) {
        const overtaken = {
          ...record,
          state: 'overtaken' as const,
          reason: 'its images were changed by somebody else',
          ended: iso(now),
        };
        return memoryPatches(object, { record: overtaken });
      }
      const { repository, to } = record;
      const hold = { repository, digest: to, reason, by, since: iso(now) };
      const next: RolloutRecord = {
        ...record,
        state: 'returning',
        reason: lineOf(reason, 1000),
        deadline: iso(now + record.patience),
      };
      const cause = lineOf(`seaworthy rollout: returned to ${short(record.from)}: ${reason}`, 500);
      return [...patches, ...memoryPatches(object, { record: next, cause, ...(isHeld ? { hold } : {}) })];
    });
    if (done !== undefined) {
      this.#isFresh = true;
      this.say('returning', reason);
    }
  }

  async #end(from: readonly RolloutState[], state: RolloutState, reason: string): Promise<void> {
    await changeWorkload(this.#setting.cluster, this.#ref, (object) => {
      const record = recordOf(object);
      if (record === undefined || !from.includes(record.state)) return undefined;
      const ended = iso(this.#now());
      return memoryPatches(object, { record: { ...record, state, reason: lineOf(reason, 1000), ended } });
    });
  }

  #now(): number {
    return this.#setting.clock.now().getTime() + this.#setting.cluster.clockAhead;
  }

  #named(): WorkloadName {
    const { context, kind, namespace, name } = this.#move;
    return { context, kind, namespace, name };
  }

  #outcome(state: Outcome['state'], reason: string, images = this.#move.images): Outcome {
    return { ...this.#named(), state, reason, images };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** `sha256:0123456789ab`. */
function short(digest: string): string {
  return digest.slice(0, digest.indexOf(':') + 13);
}
