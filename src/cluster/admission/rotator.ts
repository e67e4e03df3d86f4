// Keeps the agent's certificates: one Secret for all replicas, the webhook configurations' bundles, no restart.
import type { Clock } from '../../core/index.ts';
import { type Cluster, KubeFault, type KubeObject, resources } from '../kube/index.ts';
import { type CertificateState, type Pair, readState } from './certificate.ts';
import { bundleOf, secretOf, stateIn } from './certificatesecret.ts';
import { nextState } from './rotate.ts';
import { publishBundle } from './webhookbundle.ts';

export interface RotatorNames {
  namespace: string;
  secret: string;
  /** Host names that the API server calls. */
  hosts: readonly string[];
  /** Configurations that may be there; one that is not is no problem. */
  validating: readonly string[];
  mutating: readonly string[];
}

export interface RotatorOptions {
  cluster: Cluster;
  /** The API server's time. */
  clock: Clock;
  names: RotatorNames;
  /** Called with the first certificate and each new one, for `tls.Server.setSecureContext`. */
  onCertificate(pair: Pair): void;
  /** What was done, a phrase each, and what failed and is tried again. */
  onEvent?(event: { kind: 'done' | 'failed'; text: string; error?: unknown }): void;
}

export interface Rotator {
  /** Brings all up to date; resolves to the moment (ms since 1970) at which it is due again. Throws KubeFault. */
  ensure(): Promise<number>;
  /** Ms since 1970; undefined before the first certificate. */
  expiry(): { leaf: number; authority: number } | undefined;
  /** `ensure` when due, when Secret or configurations change, and after failures; until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

const attempts = 5;
/** Looked at this often whatever happens, ms: a watch can be deaf. */
const longest = 600_000;
const retry = 5_000;

export function createRotator({ cluster, clock, names, onCertificate, onEvent }: RotatorOptions): Rotator {
  let served: CertificateState | undefined;
  let expiry: { leaf: number; authority: number } | undefined;
  const configurations = [
    ...names.validating.map((name) => ({ resource: resources.validatingWebhooks, name })),
    ...names.mutating.map((name) => ({ resource: resources.mutatingWebhooks, name })),
  ];

  async function publish(state: CertificateState): Promise<boolean> {
    const bundle = bundleOf(state);
    let published = true;
    for (const { resource, name } of configurations)
      if (!(await publishBundle(cluster, resource, name, bundle))) published = false;
    return published;
  }

  function serve(state: CertificateState): void {
    const read = readState(state, names.hosts);
    if (typeof read === 'string') return;
    expiry = { leaf: read.leaf.notAfter, authority: read.authority.notAfter };
    const before = served?.leaf;
    served = state;
    if (before?.cert === state.leaf.cert && before.key === state.leaf.key) return;
    onCertificate(state.leaf);
  }

  /** Undefined: somebody else wrote in between. */
  async function write(
    state: CertificateState,
    before: KubeObject | undefined,
  ): Promise<KubeObject | undefined> {
    const secret = secretOf(state, names.secret, names.namespace, before);
    try {
      return before === undefined
        ? await cluster.create(resources.secrets, secret)
        : await cluster.replace(resources.secrets, secret);
    } catch (error) {
      if (error instanceof KubeFault && (error.code === 'conflict' || error.code === 'already-exists'))
        return undefined;
      throw error;
    }
  }

  async function ensure(): Promise<number> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const secret = await cluster.get(resources.secrets, names.secret, names.namespace);
      const state = stateIn(secret);
      const isUsable = state !== undefined && typeof readState(state, names.hosts) !== 'string';
      // What cannot be published now is no reason not to serve what was published before.
      const first = isUsable ? await settled(publish(state)) : { value: false };
      const around = {
        now: clock.now().getTime(),
        names: names.hosts,
        published: first.value === true,
        serving: served,
      };
      const next = nextState(state, around);
      if (next.changed && (await write(next.state, secret)) === undefined) continue;
      for (const text of next.done) onEvent?.({ kind: 'done', text: `certificates: ${text}` });
      serve(next.state);
      const last = next.changed ? await settled(publish(next.state)) : first;
      if ('error' in last) throw last.error;
      if (!last.value) throw unpublished();
      return next.renewAt;
    }
    throw new KubeFault(
      'conflict',
      `expected to write the Secret ${names.secret}, got a conflict ${attempts} times`,
      { hint: 'It is tried again by itself; if it lasts, see who else writes this Secret.' },
    );
  }

  function unpublished(): KubeFault {
    return new KubeFault(
      'conflict',
      'expected to write caBundle into the webhook configurations, got changes by others each time',
      { hint: 'It is tried again by itself; if it lasts, see who else writes these configurations.' },
    );
  }

  return {
    ensure,
    expiry: () => expiry,
    async run(signal) {
      const bell = createBell();
      const watched = [
        { resource: resources.secrets, name: names.secret, namespace: names.namespace },
        ...configurations.map((item) => ({ ...item, namespace: undefined })),
      ].map(async ({ resource, name, namespace }) => {
        const only = {
          fieldSelector: `metadata.name=${name}`,
          ...(namespace === undefined ? {} : { namespace }),
        };
        for await (const _ of cluster.watch(resource, only, signal)) bell.ring();
      });
      const failed = Promise.all(watched).catch((error: unknown) => {
        if (!signal.aborted) onEvent?.({ kind: 'failed', text: 'certificates are no longer watched', error });
      });
      while (!signal.aborted) {
        let wait = retry;
        try {
          wait = Math.min(longest, Math.max(1_000, (await ensure()) - clock.now().getTime()));
        } catch (error) {
          if (!signal.aborted) onEvent?.({ kind: 'failed', text: 'certificates are not up to date', error });
        }
        await bell.wait(wait, signal);
      }
      await failed;
    },
  };
}

async function settled(
  published: Promise<boolean>,
): Promise<{ value: boolean } | { value: false; error: unknown }> {
  try {
    return { value: await published };
  } catch (error) {
    return { value: false, error };
  }
}

/** Wakes one sleeper early; a ring while nobody sleeps is kept. */
function createBell() {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    ring() {
      rung = true;
      wake?.();
    },
    async wait(ms: number, signal: AbortSignal): Promise<void> {
      if (!rung && !signal.aborted)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        }).finally(() => {
          if (wake !== undefined) signal.removeEventListener('abort', wake);
        });
      wake = undefined;
      rung = false;
    },
  };
}
