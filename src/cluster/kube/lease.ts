// Which of several replicas does what is to be done once: a Lease of coordination.k8s.io, held while it is renewed.
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, type Fault, isFault } from '../../core/index.ts';
import type { Cluster, KubeObject } from './cluster.ts';
import { resources } from './resources.ts';

export interface LeaseOptions {
  cluster: Cluster;
  namespace: string;
  name: string;
  /** Who we are: the pod's name. */
  holder: string;
  clock: Clock;
  /** Ms; 15,000 when left out. */
  lasts?: number;
  problem?(fault: Fault): void;
}

interface LeaseSpec {
  holderIdentity?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/**
 * Runs `work` whenever the lease is ours; its signal is aborted once it may no longer be. Ends when `signal` is
 * aborted, and gives the lease back.
 */
export async function whileLeader(
  options: LeaseOptions,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const lasts = options.lasts ?? 15_000;
  let term: { stop: AbortController; done: Promise<void>; until: number } | undefined;
  const end = async () => {
    term?.stop.abort();
    await term?.done;
    term = undefined;
  };
  while (!signal.aborted) {
    let isOurs: boolean | undefined;
    try {
      isOurs = await take(options, lasts);
    } catch (error) {
      if (!isFault(error)) throw error;
      options.problem?.(error);
    }
    const now = options.clock.now().getTime();
    if (isOurs === true) {
      if (term === undefined) {
        const stop = new AbortController();
        term = { stop, done: work(stop.signal), until: now + lasts };
      } else term.until = now + lasts;
    } else if (term !== undefined && (isOurs === false || now > term.until - lasts / 3)) await end();
    await delay(lasts / 3, undefined, { signal }).catch(() => {});
  }
  const held = term !== undefined;
  await end();
  if (held) await giveBack(options).catch(() => {});
}

async function take(
  { cluster, namespace, name, holder, clock }: LeaseOptions,
  lasts: number,
): Promise<boolean> {
  const now = clock.now();
  const found = await cluster.get(resources.leases, name, namespace);
  const spec = (found?.spec ?? {}) as LeaseSpec;
  const renewed = Date.parse(spec.renewTime ?? '');
  const isFree =
    (spec.holderIdentity ?? '') === '' || Number.isNaN(renewed) || now.getTime() - renewed > lasts;
  if (spec.holderIdentity !== holder && !isFree) return false;
  const next: KubeObject = {
    ...(found ?? { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace } }),
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(lasts / 1000),
      renewTime: now.toISOString().replace('Z', '000Z'),
      leaseTransitions: (spec.leaseTransitions ?? 0) + (spec.holderIdentity === holder ? 0 : 1),
    },
  };
  try {
    await (found === undefined
      ? cluster.create(resources.leases, next)
      : cluster.replace(resources.leases, next));
    return true;
  } catch (error) {
    // Somebody was faster.
    if (isFault(error) && (error.code === 'conflict' || error.code === 'already-exists')) return false;
    throw error;
  }
}

async function giveBack({ cluster, namespace, name, holder }: LeaseOptions): Promise<void> {
  const found = await cluster.get(resources.leases, name, namespace);
  if (found === undefined || (found.spec as LeaseSpec).holderIdentity !== holder) return;
  await cluster.replace(resources.leases, {
    ...found,
    spec: { ...(found.spec as LeaseSpec), holderIdentity: '' },
  });
}
