// What one replica does for all: records what runs, writes statuses, keeps the floor policy up to date, sweeps.
import { setTimeout as delay } from 'node:timers/promises';
import {
  floorPolicy,
  type InForce,
  keepOfPod,
  type Policies,
  type Records,
  type VerdictStore,
} from '../cluster/admission/index.ts';
import { type Cluster, type KubeObject, resources } from '../cluster/kube/index.ts';
import { workloadKinds } from '../cluster/workload/index.ts';
import { type Clock, type Fault, isFault } from '../core/index.ts';
import type { Logger } from './log.ts';

export interface LeaderOptions {
  cluster: Cluster;
  clock: Clock;
  log: Logger;
  policies: Policies;
  records: Records;
  store: VerdictStore;
  problem(what: string, fault: Fault | undefined): void;
}

/** Pods that are worked off side by side. */
const atOnce = 4;
const tick = 2_000;
const sweepEvery = 600_000;

export async function lead(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  options.log.info('leading');
  await Promise.all([followPods(options, signal), keepUp(options, signal)]);
  options.log.info('no longer leading');
}

/** Pods as they change, each worked off once with its newest state; a registry that hangs holds up only its own. */
async function followPods({ cluster, records, problem }: LeaderOptions, signal: AbortSignal): Promise<void> {
  const waiting = new Map<string, KubeObject>();
  const working = new Set<Promise<void>>();
  const work = async () => {
    for (
      let next = waiting.entries().next().value;
      next !== undefined;
      next = waiting.entries().next().value
    ) {
      waiting.delete(next[0]);
      if (signal.aborted) return;
      try {
        await records.see(next[1]);
      } catch (error) {
        if (!isFault(error)) throw error;
        problem('records', error);
      }
    }
  };
  const take = (pod: KubeObject) => {
    waiting.set(pod.metadata.uid ?? '', pod);
    if (working.size >= atOnce) return;
    const one = work().finally(() => working.delete(one));
    working.add(one);
  };
  const options = { keep: keepOfPod, problem: (fault: Fault | undefined) => problem('pods', fault) };
  for await (const event of cluster.watch(workloadKinds.Pod, options, signal)) {
    if (event.type === 'listed') for (const pod of event.objects) take(pod);
    else if (event.type !== 'deleted') take(event.object);
  }
  await Promise.all(working);
}

async function keepUp(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  const { clock, policies, records, store, problem } = options;
  let floor: { made: InForce; until: number } | undefined;
  let swept = clock.now().getTime();
  let judged: InForce | undefined;
  while (!signal.aborted) {
    try {
      const now = clock.now().getTime();
      await policies.publish();
      const inForce = policies.inForce();
      if (inForce !== undefined && (floor?.made !== inForce || now >= floor.until))
        floor = { made: inForce, until: await applyFloor(options, inForce, now) };
      if (inForce !== undefined && (judged !== inForce || now - swept >= sweepEvery)) {
        await records.rejudge(signal);
        judged = inForce;
      }
      if (now - swept >= sweepEvery) {
        swept = now;
        await store.sweep();
        await records.sweep();
      }
      problem('upkeep', undefined);
    } catch (error) {
      if (!isFault(error)) throw error;
      problem('upkeep', error);
    }
    await delay(tick, undefined, { signal }).catch(() => {});
  }
}

async function applyFloor(
  { cluster, log, policies }: LeaderOptions,
  inForce: InForce,
  now: number,
): Promise<number> {
  const { policy, binding, warnings, until } = floorPolicy(inForce.policy, {
    mutation: inForce.mutation,
    now,
  });
  await cluster.apply(resources.admissionPolicies, policy);
  await cluster.apply(resources.admissionPolicyBindings, binding);
  policies.note(warnings);
  log.info({ policy: inForce.policy.hash, warnings }, 'the floor policy is in place');
  return until ?? Number.POSITIVE_INFINITY;
}
