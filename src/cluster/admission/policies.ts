// The policy that is in force in a cluster: ImagePolicy and ImageException resources, compiled whenever they change; an
// invalid one never replaces a valid one, not even across a restart.
import { type Clock, type Fault, isFault, messageOf } from '../../core/index.ts';
import { type Cluster, type KubeObject, resources } from '../kube/index.ts';
import type { InForce } from './admission.ts';
import { compilePolicy } from './compile.ts';
import { type MergedPolicy, mergeExceptions } from './exceptions.ts';

export interface PoliciesOptions {
  cluster: Cluster;
  namespace: string;
  /** Name of the ImagePolicy that counts. */
  name: string;
  mutation: boolean;
  clock: Clock;
  /** Loads what the policy needs (trust roots); throws when it cannot be in force without. */
  prepare(inForce: InForce): Promise<void>;
  /** A policy came into force, or left it. */
  onChange(inForce: InForce): void;
  problem(what: string, fault: Fault | undefined): void;
}

export interface PolicyState {
  ready: boolean;
  reason: 'InForce' | 'Invalid' | 'Missing' | 'TrustRootsMissing';
  message: string;
  /** Of the policy resource that this is about. */
  generation?: number;
  ignored: MergedPolicy['ignored'];
  counted: string[];
}

export class Policies {
  readonly #options: PoliciesOptions;
  #policy: KubeObject | undefined;
  readonly #others = new Set<string>();
  readonly #exceptions = new Map<string, KubeObject>();
  #listed = 0;
  #inForce: InForce | undefined;
  #document: Record<string, unknown> | undefined;
  #state: PolicyState | undefined;
  #settling: Promise<void> = Promise.resolve();
  #warnings: readonly string[] = [];

  constructor(options: PoliciesOptions) {
    this.#options = options;
  }

  inForce = (): InForce | undefined => this.#inForce;

  /** What was made of the last change; undefined before everything was read. */
  state(): PolicyState | undefined {
    return this.#state;
  }

  /** Both kinds until the signal is aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    const { cluster, namespace, problem } = this.#options;
    const follow = async (
      what: 'imagePolicies' | 'imageExceptions',
      take: (objects: readonly KubeObject[], how: 'all' | 'one' | 'gone') => void,
    ) => {
      const options = { namespace, problem: (fault: Fault | undefined) => problem(what, fault) };
      let first = true;
      for await (const event of cluster.watch(resources[what], options, signal)) {
        if (event.type === 'listed') {
          take(event.objects, 'all');
          if (first) this.#listed++;
          first = false;
        } else take([event.object], event.type === 'deleted' ? 'gone' : 'one');
        if (this.#listed === 2) this.#settle();
      }
    };
    await Promise.all([
      follow('imagePolicies', (objects, how) => this.#takePolicies(objects, how)),
      follow('imageExceptions', (objects, how) => {
        if (how === 'all') this.#exceptions.clear();
        for (const object of objects)
          if (how === 'gone') this.#exceptions.delete(object.metadata.name);
          else this.#exceptions.set(object.metadata.name, object);
      }),
    ]);
  }

  #takePolicies(objects: readonly KubeObject[], how: 'all' | 'one' | 'gone'): void {
    if (how === 'all') this.#policy = undefined;
    for (const object of objects) {
      if (object.metadata.name === this.#options.name) this.#policy = how === 'gone' ? undefined : object;
      else if (how === 'gone') this.#others.delete(object.metadata.name);
      else this.#others.add(object.metadata.name);
    }
  }

  /** One change after the other; of several that wait only the last state counts. */
  #settle(): void {
    this.#settling = this.#settling
      .then(() => this.#change())
      .catch((error: unknown) => {
        if (!isFault(error)) throw error;
        this.#options.problem('policy', error);
      });
  }

  /** What the floor cannot hold as it should: told beside what is in force. */
  note(warnings: readonly string[]): void {
    this.#warnings = warnings;
  }

  /** Resolves once everything that was heard of so far is in force or refused. */
  async settled(): Promise<void> {
    await this.#settling;
  }

  async #change(): Promise<void> {
    const { name } = this.#options;
    const policy = this.#policy;
    if (policy === undefined) {
      const others = this.#others.size === 0 ? '' : `; there are ${[...this.#others].slice(0, 5).join(', ')}`;
      await this.#fall(
        'Missing',
        `there is no ImagePolicy ${name} in ${this.#options.namespace}${others}`,
        undefined,
      );
      return;
    }
    const merged = mergeExceptions(policy, [...this.#exceptions.values()]);
    if (this.#inForce !== undefined && JSON.stringify(merged.document) === JSON.stringify(this.#document)) {
      this.#tell('InForce', `policy ${this.#inForce.policy.hash} is in force`, policy, merged);
      return;
    }
    let inForce: InForce;
    try {
      inForce = await compilePolicy(merged.document, this.#options.mutation);
    } catch (error) {
      if (!isFault(error)) throw error;
      await this.#fall(
        'Invalid',
        `${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`,
        policy,
        merged,
      );
      return;
    }
    try {
      await this.#options.prepare(inForce);
    } catch (error) {
      if (!isFault(error)) throw error;
      await this.#fall('TrustRootsMissing', error.message, policy, merged);
      return;
    }
    await this.#enter(inForce, merged.document);
    this.#tell('InForce', `policy ${inForce.policy.hash} is in force`, policy, merged);
  }

  async #enter(inForce: InForce, document: Record<string, unknown>): Promise<void> {
    const isNew = inForce.policy.hash !== this.#inForce?.policy.hash;
    this.#inForce = inForce;
    this.#document = document;
    if (isNew) this.#options.onChange(inForce);
  }

  /** What was in force stays so; after a restart, what was kept. */
  async #fall(
    reason: PolicyState['reason'],
    message: string,
    policy: KubeObject | undefined,
    merged?: MergedPolicy,
  ): Promise<void> {
    if (this.#inForce === undefined) await this.#recall();
    const rest =
      this.#inForce === undefined
        ? 'no policy is in force'
        : `the last valid one (${this.#inForce.policy.hash}) stays in force`;
    this.#tell(reason, `${message}; ${rest}`, policy, merged);
  }

  async #recall(): Promise<void> {
    const { cluster, namespace, name, mutation, prepare, problem } = this.#options;
    try {
      const kept = await cluster.get(resources.keptPolicies, name, namespace);
      const text = (kept?.spec as { document?: unknown } | undefined)?.document;
      if (typeof text !== 'string') return;
      const document = JSON.parse(text) as Record<string, unknown>;
      const inForce = await compilePolicy(document, mutation);
      await prepare(inForce);
      await this.#enter(inForce, document);
    } catch (error) {
      if (isFault(error)) problem('kept policy', error);
      else if (!(error instanceof SyntaxError)) throw error;
    }
  }

  #tell(
    reason: PolicyState['reason'],
    message: string,
    policy: KubeObject | undefined,
    merged?: MergedPolicy,
  ): void {
    const generation = policy?.metadata.generation;
    this.#state = {
      ready: reason === 'InForce',
      reason,
      message: message.slice(0, 4000),
      ...(generation === undefined ? {} : { generation }),
      ignored: merged?.ignored ?? [],
      counted: merged?.counted ?? [],
    };
  }

  /** Writes what became of policy and exceptions into their status, and keeps the policy; for the one that leads. */
  async publish(): Promise<void> {
    await this.#settling;
    const state = this.#state;
    if (state === undefined) return;
    await this.#keep();
    if (this.#policy !== undefined) {
      const { policy } = this.#inForce ?? {};
      const hashes = policy === undefined ? {} : { hash: policy.hash, rulesHash: policy.rulesHash };
      const message = [state.message, ...this.#warnings].join('; ').slice(0, 8000);
      await this.#writeStatus('imagePolicies', this.#policy, state.ready, state.reason, message, hashes);
    }
    for (const object of this.#exceptions.values()) {
      const why = state.ignored.find(({ name }) => name === object.metadata.name)?.why;
      const counts = state.counted.includes(object.metadata.name) && state.ready;
      const message =
        why ?? (counts ? 'merged into the policy' : `the policy is not in force: ${state.reason}`);
      await this.#writeStatus(
        'imageExceptions',
        object,
        counts,
        counts ? 'Counted' : 'Ignored',
        message.slice(0, 2000),
        {},
      );
    }
  }

  async #keep(): Promise<void> {
    const { cluster, namespace, name, clock } = this.#options;
    if (this.#inForce === undefined || this.#document === undefined) return;
    const { hash } = this.#inForce.policy;
    const kept = await cluster.get(resources.keptPolicies, name, namespace);
    if ((kept?.spec as { hash?: string } | undefined)?.hash === hash) return;
    await cluster.apply(resources.keptPolicies, {
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'KeptPolicy',
      metadata: { name, namespace },
      spec: { document: JSON.stringify(this.#document), hash, at: clock.now().toISOString() },
    });
  }

  async #writeStatus(
    what: 'imagePolicies' | 'imageExceptions',
    { metadata, status }: KubeObject,
    ready: boolean,
    reason: string,
    message: string,
    more: Record<string, string>,
  ): Promise<void> {
    const { cluster, namespace, clock } = this.#options;
    type Condition = {
      type: string;
      status: string;
      reason: string;
      message: string;
      observedGeneration?: number;
      lastTransitionTime: string;
    };
    const before = (status as { conditions?: Condition[] } | undefined)?.conditions?.find(
      ({ type }) => type === 'Ready',
    );
    const word = ready ? 'True' : 'False';
    const same = before?.status === word && before.reason === reason && before.message === message;
    if (same && before.observedGeneration === metadata.generation) return;
    const condition: Condition = {
      type: 'Ready',
      status: word,
      reason,
      message,
      ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
      lastTransitionTime:
        before?.status === word
          ? before.lastTransitionTime
          : clock
              .now()
              .toISOString()
              .replace(/\.\d+Z/, 'Z'),
    };
    try {
      await cluster.patch(
        resources[what],
        metadata.name,
        namespace,
        { type: 'merge', body: { status: { ...more, conditions: [condition] } } },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isFault(error)) throw error;
      this.#options.problem(`${what} ${metadata.name} status: ${messageOf(error)}`, error);
    }
  }
}
