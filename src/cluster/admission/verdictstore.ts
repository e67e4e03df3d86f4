// Verdicts as ImageVerdict resources: they outlive the process, and what one replica verified the other knows.
import { createHash } from 'node:crypto';
import { type Clock, type Fault, isFault } from '../../core/index.ts';
import type { KeptVerdict, Verdict, VerdictCache } from '../../trust/index.ts';
import { type Cluster, type KubeObject, resources } from '../kube/index.ts';

export interface VerdictStoreOptions {
  cluster: Cluster;
  namespace: string;
  clock: Clock;
  /** Ms that a verdict is kept at most. */
  held: number;
  problem(fault: Fault): void;
}

/** Resources that are kept; the oldest go first. */
const most = 5000;

interface VerdictSpec {
  key?: string;
  verdict?: string;
  evidence?: string;
  keptAt?: string;
}

export class VerdictStore {
  readonly #options: VerdictStoreOptions;
  readonly #waiting = new Map<string, KeptVerdict>();
  readonly #known = new Map<string, number>();
  #writing: Promise<void> | undefined;

  constructor(options: VerdictStoreOptions) {
    this.#options = options;
  }

  /** For the cache's `onKept`: only what allows is worth to outlive an outage. */
  keep(kept: KeptVerdict): void {
    if (kept.verdict.decision !== 'allow') return;
    const name = nameOf(kept.key);
    if ((this.#known.get(name) ?? 0) >= kept.keptAt) return;
    this.#waiting.set(name, kept);
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when everything that was kept is written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    for (;;) {
      const next = this.#waiting.entries().next().value;
      if (next === undefined) return;
      const [name, kept] = next;
      this.#waiting.delete(name);
      const { cluster, namespace } = this.#options;
      try {
        await cluster.apply(resources.imageVerdicts, resourceOf(name, namespace, kept));
        this.#known.set(name, kept.keptAt);
      } catch (error) {
        if (!isFault(error)) throw error;
        // The verdict is in memory all the same; it is written when it is made the next time.
        this.#options.problem(error);
      }
    }
  }

  /** Follows what is kept until the signal is aborted; `listed` is called once everything was read. */
  async follow(cache: VerdictCache, listed: () => void, signal: AbortSignal): Promise<void> {
    const { cluster, namespace } = this.#options;
    const watch = cluster.watch(
      resources.imageVerdicts,
      { namespace, problem: (fault) => fault && this.#options.problem(fault) },
      signal,
    );
    for await (const event of watch) {
      if (event.type === 'deleted') this.#known.delete(event.object.metadata.name);
      else
        for (const object of event.type === 'listed' ? event.objects : [event.object]) {
          const kept = keptOf(object);
          if (kept === undefined) continue;
          this.#known.set(object.metadata.name, kept.keptAt);
          cache.restore(kept);
        }
      if (event.type === 'listed') listed();
    }
  }

  /** Removes what is too old to count, and the oldest of too many. */
  async sweep(): Promise<void> {
    const { cluster, namespace, clock, held } = this.#options;
    const old = clock.now().getTime() - held;
    const byAge = [...this.#known].sort((a, b) => b[1] - a[1]);
    for (const [i, [name, keptAt]] of byAge.entries())
      if (i >= most || keptAt < old) await cluster.delete(resources.imageVerdicts, name, namespace);
  }
}

function nameOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 40);
}

function resourceOf(
  name: string,
  namespace: string,
  { key, verdict, evidence, keptAt }: KeptVerdict,
): KubeObject {
  return {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImageVerdict',
    metadata: { name, namespace },
    spec: {
      image: verdict.image,
      digest: verdict.digest,
      decision: verdict.decision,
      policyHash: verdict.policy.hash,
      key,
      verdict: JSON.stringify(verdict),
      evidence,
      keptAt: new Date(keptAt).toISOString(),
      ...(verdict.until === undefined ? {} : { until: new Date(verdict.until).toISOString() }),
    },
  };
}

/** Undefined: not one that counts. Who may write these resources is held by a guard, so their words are ours. */
function keptOf({ metadata, spec }: KubeObject): KeptVerdict | undefined {
  const { key, verdict, evidence, keptAt } = (spec ?? {}) as VerdictSpec;
  const at = Date.parse(keptAt ?? '');
  if (typeof key !== 'string' || typeof verdict !== 'string' || Number.isNaN(at)) return undefined;
  if (nameOf(key) !== metadata.name) return undefined;
  try {
    const parsed = JSON.parse(verdict) as Verdict;
    return parsed.decision === 'allow'
      ? { key, verdict: parsed, evidence: evidence ?? '', keptAt: at }
      : undefined;
  } catch {
    return undefined;
  }
}
