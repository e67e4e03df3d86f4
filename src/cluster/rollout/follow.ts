// Follows one workload with its pods and Jobs until it is judged, or until nothing has moved for too long.
import type { Clock, Fault } from '../../core/index.ts';
import { type Cluster, type KubeObject, type ListOptions, resources } from '../kube/index.ts';
import { type Resource, workloadKinds } from '../workload/index.ts';
import type { WorkloadRef } from './change.ts';
import { controllerOf, lineOf, listOf, mapOf, textOf } from './facts.ts';
import { type Judgement, lateText, type Seen } from './judgement.ts';

export interface FollowOptions {
  cluster: Cluster;
  ref: WorkloadRef;
  /** Its object as it was last read: how its pods are selected. */
  object: KubeObject;
  judge(seen: Seen, now: number): Judgement;
  /** Done at every look that leaves it going. */
  act?(seen: Seen): Promise<void>;
  testJob?: string;
  /** Warnings before it are of something else; ms, by the server's clock. */
  since: number;
  /** Ms, by the server's clock; each progress moves it on by `patience`. */
  deadline: number;
  patience: number;
  clock: Clock;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  onText(text: string): void;
}

export type Followed = Judgement | { state: 'late' | 'missing'; text: string };

const longestLook = 5000;
const manyWarnings = 20;

/** Throws AbortError, and the API server's fault when it is away at the deadline: nothing is decided then. */
export async function follow(options: FollowOptions): Promise<Followed> {
  const { cluster, judge, clock, sleep, signal, patience, onText } = options;
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  const view = new View(options, stopped);
  let { deadline } = options;
  let best = Number.NEGATIVE_INFINITY;
  let text = 'waiting';
  let settles: number | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      const news = view.news();
      if (view.broken !== undefined) throw view.broken;
      const now = clock.now().getTime() + cluster.clockAhead;
      const seen = view.seen();
      if (seen === 'missing') return { state: 'missing', text: 'it is gone' };
      if (seen !== undefined) {
        const judged = judge(seen, now);
        if (judged.state !== 'going') return judged;
        const { progress = Number.NEGATIVE_INFINITY } = judged;
        if (progress > best && best !== Number.NEGATIVE_INFINITY)
          deadline = Math.max(deadline, now + patience);
        best = Math.max(best, progress);
        settles = judged.settles;
        if (settles !== undefined) deadline = Math.max(deadline, settles + longestLook);
        text = lateText(judged);
        onText(judged.text);
        await options.act?.(seen);
      }
      if (now >= deadline) {
        if (view.away !== undefined) throw view.away;
        if (seen !== undefined) return { state: 'late', text };
      }
      const turn = new AbortController();
      const wait = Math.min(longestLook, Math.max(Math.min(deadline, settles ?? deadline) - now, 50));
      const pause = sleep(wait, AbortSignal.any([turn.signal, stopped])).catch(() => {});
      await Promise.race([news, pause]);
      turn.abort();
    }
  } finally {
    stop.abort();
  }
}

/** What several watches have told so far. */
class View {
  /** What keeps the watches from telling more. */
  away: Fault | undefined;
  broken: unknown;
  readonly #options: FollowOptions;
  readonly #signal: AbortSignal;
  readonly #objects: Watched;
  readonly #pods: Watched;
  readonly #jobs: Watched | undefined;
  readonly #warnings: Watched;
  #wake = Promise.withResolvers<void>();

  constructor(options: FollowOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    const { ref, object } = options;
    const { namespace } = ref;
    const isCronJob = object.kind === 'CronJob';
    this.#objects = this.#watch(ref.resource, { namespace, fieldSelector: `metadata.name=${ref.name}` });
    this.#pods = this.#watch(workloadKinds.Pod, {
      namespace,
      labelSelector: isCronJob ? 'batch.kubernetes.io/job-name' : selectorOf(object),
    });
    this.#jobs = isCronJob ? this.#watch(workloadKinds.Job, { namespace }) : undefined;
    // only explains: it may be forbidden, or late
    this.#warnings = this.#watch(
      resources.events,
      { namespace, fieldSelector: 'type=Warning,reason=FailedCreate' },
      false,
    );
  }

  /** Resolves with the next thing told. */
  news(): Promise<void> {
    this.#wake = Promise.withResolvers<void>();
    return this.#wake.promise;
  }

  /** Undefined: not everything has been told yet. */
  seen(): Seen | 'missing' | undefined {
    if (!this.#objects.isListed || !this.#pods.isListed || this.#jobs?.isListed === false) return undefined;
    const { ref, testJob } = this.#options;
    const object = [...this.#objects.items.values()].find(({ metadata }) => metadata.uid === ref.uid);
    if (object === undefined) return 'missing';
    const jobs = [...(this.#jobs?.items.values() ?? [])].filter(
      (job) => controllerOf(job)?.uid === ref.uid || job.metadata.name === testJob,
    );
    const jobUids = new Set(jobs.map(({ metadata }) => metadata.uid));
    const pods = [...this.#pods.items.values()].filter((pod) => {
      const by = controllerOf(pod);
      if (object.kind === 'Deployment')
        return by?.kind === 'ReplicaSet' && by.name.startsWith(`${ref.name}-`);
      return object.kind === 'CronJob' ? jobUids.has(by?.uid) : by?.uid === ref.uid;
    });
    return { object, pods, jobs, warnings: this.#warningsOf(ref.name) };
  }

  #warningsOf(name: string): string[] {
    return [...this.#warnings.items.values()]
      .filter((event) => {
        const about = textOf(mapOf(event['involvedObject']), 'name');
        return (about === name || about.startsWith(`${name}-`)) && timeOf(event) >= this.#options.since;
      })
      .sort((a, b) => timeOf(b) - timeOf(a))
      .slice(0, manyWarnings)
      .map((event) => lineOf(textOf(event, 'message'), 600));
  }

  #watch(resource: Resource, options: ListOptions, isNeeded = true): Watched {
    const watched: Watched = { items: new Map(), isListed: false };
    const problem = (fault: Fault | undefined) => {
      if (isNeeded) this.away = fault;
    };
    const pump = async () => {
      const events = this.#options.cluster.watch(resource, { ...options, problem }, this.#signal);
      for await (const event of events) {
        if (event.type === 'listed') {
          watched.items = new Map(event.objects.map((object) => [keyOf(object), object]));
          watched.isListed = true;
        } else if (event.type === 'deleted') watched.items.delete(keyOf(event.object));
        else watched.items.set(keyOf(event.object), event.object);
        this.#wake.resolve();
      }
    };
    pump().catch((error) => {
      if (isNeeded && !this.#signal.aborted) this.broken = error;
      this.#wake.resolve();
    });
    return watched;
  }
}

interface Watched {
  items: Map<string, KubeObject>;
  isListed: boolean;
}

function keyOf({ metadata }: KubeObject): string {
  return metadata.uid ?? `${metadata.namespace}/${metadata.name}`;
}

function timeOf(event: KubeObject): number {
  const times = [event['lastTimestamp'], event['eventTime'], mapOf(event['series'])['lastObservedTime']];
  const latest = Math.max(...times.map((time) => (typeof time === 'string' ? Date.parse(time) : 0) || 0));
  return latest === 0 ? Date.parse(event.metadata.creationTimestamp ?? '') : latest;
}

/** `app=web,tier in (a,b),!debug`, from a workload's selector. */
export function selectorOf(object: KubeObject): string {
  const selector = mapOf(mapOf(object.spec)['selector']);
  const labels = Object.entries(mapOf(selector['matchLabels'])).map(
    ([key, value]) => `${key}=${String(value)}`,
  );
  const rules = listOf(selector['matchExpressions']).map((rule) => {
    const key = textOf(rule, 'key');
    const values = Array.isArray(rule['values']) ? rule['values'].join(',') : '';
    switch (rule['operator']) {
      case 'In':
        return `${key} in (${values})`;
      case 'NotIn':
        return `${key} notin (${values})`;
      default:
        return rule['operator'] === 'Exists' ? key : `!${key}`;
    }
  });
  return [...labels, ...rules].join(',');
}
