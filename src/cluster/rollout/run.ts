// Runs a plan: in order or some at once; the first failure stops what has not begun.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../core/index.ts';
import { type MoveSetting, moveWorkload, type Outcome, returnWorkload, type Step } from './move.ts';
import type { PlannedMove, RolloutPlan } from './plan.ts';

export interface RunOptions {
  /** Who is told in holds and records. */
  by: string;
  cause?: string;
  /** Ms without progress after which a workload has failed; 10 minutes when left out. */
  patience?: number;
  /** 3 when left out. */
  restarts?: number;
  /** Ms that pods have to have been ready before their workload has moved; 10 seconds when left out. */
  settle?: number;
  /** Workloads that move at once; 1 when left out. */
  parallel?: number;
  /** One failure returns all that moved with it. */
  together?: boolean;
  /** Prove CronJobs by a Job of our own. */
  testJob?: boolean;
  clock?: Clock;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
  signal?: AbortSignal;
  onStep?(step: Step): void;
  onOutcome?(outcome: Outcome): void;
  /** Of the rollout, over several clusters; a new one when left out. */
  id?: string;
}

export interface RolloutResult {
  outcomes: Outcome[];
  /** Not begun, because another one failed. */
  stopped: PlannedMove[];
}

const failures: ReadonlySet<Outcome['state']> = new Set(['returning', 'returned', 'stuck', 'refused']);

export function isFailure({ state }: Outcome): boolean {
  return failures.has(state);
}

/** Throws KubeFault, NetFault, AbortError: what was begun stands on the workloads, and the same call goes on with it. */
export async function runRollout(plan: RolloutPlan, options: RunOptions): Promise<RolloutResult> {
  const { signal = new AbortController().signal } = options;
  const ended = new AbortController();
  const setting: MoveSetting = {
    cluster: plan.cluster,
    change: plan.change,
    id: options.id ?? randomUUID(),
    by: options.by,
    ...(options.cause === undefined ? {} : { cause: options.cause }),
    patience: options.patience ?? 600_000,
    restarts: options.restarts ?? 3,
    settle: options.settle ?? 10_000,
    together: options.together ?? false,
    testJob: options.testJob ?? false,
    clock: options.clock ?? systemClock,
    sleep: options.sleep ?? ((ms, stop) => delay(ms, undefined, { signal: stop })),
    signal: AbortSignal.any([signal, ended.signal]),
    onStep: options.onStep ?? (() => {}),
  };
  const result: RolloutResult = {
    outcomes: plan.ended.map(({ workload, record }) => {
      const { state, reason = '', images } = record;
      return { ...workload, state, reason, images };
    }),
    stopped: [],
  };
  const keep = (outcome: Outcome) => {
    result.outcomes.push(outcome);
    options.onOutcome?.(outcome);
  };
  // what was begun is finished whatever becomes of the rest
  const queue = [...plan.moves].sort((a, b) => Number(b.begun !== undefined) - Number(a.begun !== undefined));
  const worker = async () => {
    for (let move = queue.shift(); move !== undefined; move = queue.shift()) {
      if (move.begun === undefined && result.outcomes.some(isFailure)) result.stopped.push(move);
      else keep(await moveWorkload(move, setting));
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, options.parallel ?? 1) }, worker));
    const failed = result.outcomes.find(isFailure);
    if (setting.together && failed !== undefined) await returnAll(plan, setting, result, failed, options);
  } catch (error) {
    // the others stop where they are, too: none goes on unseen
    ended.abort(error);
    throw error;
  }
  return result;
}

async function returnAll(
  plan: RolloutPlan,
  setting: MoveSetting,
  result: RolloutResult,
  failed: Outcome,
  options: RunOptions,
): Promise<void> {
  for (const [i, outcome] of result.outcomes.entries()) {
    if (outcome.state !== 'moved' && outcome.state !== 'unproven') continue;
    const move = plan.moves.find(
      ({ kind, namespace, name }) =>
        kind === outcome.kind && namespace === outcome.namespace && name === outcome.name,
    );
    if (move === undefined) continue;
    const reason = `${failed.kind} ${failed.namespace}/${failed.name} failed, and all move or none`;
    const returned = await returnWorkload(move, reason, setting);
    result.outcomes[i] = returned;
    options.onOutcome?.(returned);
  }
}
