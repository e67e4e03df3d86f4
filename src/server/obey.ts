// The agent and its server: orders fetched and carried out by rollouts, what runs reported; alone while it is away.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { surveyCluster } from '../cluster/index.ts';
import { agentName, type Cluster, type KubeObject, resources } from '../cluster/kube/index.ts';
import { isFailure, planRollout, type RolloutResult, runRollout } from '../cluster/rollout/index.ts';
import { type Clock, type Fault, isFault } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import {
  type AgentApi,
  createAgentApi,
  type Order,
  OrderFault,
  type OrderReport,
  type RunningItem,
  readOrder,
  type SignedOrder,
} from './contract/index.ts';
import type { Logger } from './log.ts';

export interface ObeyOptions {
  cluster: Cluster;
  http: HttpClient;
  clock: Clock;
  log: Logger;
  /** Directory with `url`, `token`, `orders.pub` and `cluster`, each a file: a mounted Secret. */
  server: string;
  problem(what: string, fault: Fault | undefined): void;
  /** Ms until what failed is tried again; 5 s when left out. */
  pause?: number;
  /** Ms that pods have to run untroubled; as every rollout when left out. */
  settle?: number;
}

const memoryName = `${agentName}-orders`;
const waitSeconds = 20;
const usualPause = 5_000;
const reportEvery = 15_000;
/** Workloads of one order that move at once. */
const parallel = 4;

/** What outlives the agent: the newest order it took, and those that are under way. */
interface Memory {
  accepted: number;
  open: Record<string, number>;
}

/** What one run of the agent has in hand. */
interface Work {
  orders: Map<string, Promise<void>>;
  /** Its memory may have as under way what the server knows the end of: an answer was lost, or the agent itself. */
  isUnsure: boolean;
}

/** Until the signal is aborted. */
export async function obey(options: ObeyOptions, signal: AbortSignal): Promise<void> {
  const read = (name: string) => readFileSync(join(options.server, name), 'utf8').trim();
  const api = createAgentApi({ http: options.http, url: read('url'), token: () => read('token'), signal });
  const work: Work = { orders: new Map(), isUnsure: true };
  let reported = '';
  await Promise.all([
    again('orders', options, signal, () => fetchOrders(options, api, read, work, signal)),
    again('report', options, signal, async () => {
      const items = await runningItems(options.cluster);
      const text = JSON.stringify(items);
      if (text !== reported) await api.running(items);
      reported = text;
      await delay(reportEvery, undefined, { signal }).catch(() => {});
    }),
  ]);
  await Promise.all(work.orders.values());
}

/** A server that is away is a condition, and asked again. */
async function again(
  what: string,
  { problem, pause = usualPause }: ObeyOptions,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted)
    try {
      await work();
      problem(what, undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (!isFault(error)) throw error;
      problem(what, error);
      await delay(pause, undefined, { signal }).catch(() => {});
    }
}

async function fetchOrders(
  options: ObeyOptions,
  api: AgentApi,
  read: (name: string) => string,
  work: Work,
  signal: AbortSignal,
): Promise<void> {
  const { cluster, clock, log } = options;
  const key = createPublicKey(read('orders.pub'));
  const name = read('cluster');
  const { orders: working } = work;
  // while something is under way the same orders would come back at once
  const listed = await api.orders(working.size > 0 || work.isUnsure ? 0 : waitSeconds);
  const orders = listed.flatMap(
    (signed) => orderOf(signed, () => readOrder(signed, key, name, clock.now().getTime()), log) ?? [],
  );
  // one that cannot be read may be any of those under way
  if (work.isUnsure && orders.length === listed.length) {
    work.isUnsure = false;
    await forget(cluster, (id) => working.has(id) || orders.some((order) => order.id === id)).catch(
      (error) => {
        work.isUnsure = true;
        throw error;
      },
    );
  }
  for (const order of orders) {
    if (working.has(order.id)) continue;
    if (!(await accept(cluster, order))) {
      log.warn({ order: order.id, sequence: order.sequence }, 'an order was there before: it is not obeyed');
      continue;
    }
    const one = carryOut(options, api, order, signal)
      .catch((error: unknown) => {
        work.isUnsure = true;
        if (!signal.aborted)
          log.warn({ order: order.id, error }, 'an order could not be carried out, and is taken up again');
      })
      .finally(() => working.delete(order.id));
    working.set(order.id, one);
  }
  if (working.size > 0)
    await Promise.race([...working.values(), delay(2_000, undefined, { signal }).catch(() => {})]);
  else if (listed.length > 0) await delay(options.pause ?? usualPause, undefined, { signal }).catch(() => {});
}

function orderOf(signed: SignedOrder, readIt: () => Order, log: Logger): Order | undefined {
  try {
    return readIt();
  } catch (error) {
    if (!(error instanceof OrderFault)) throw error;
    log.warn({ error, bytes: String(signed.payload).length }, 'an order is not obeyed');
    return undefined;
  }
}

/** False: it is not newer than what was taken before, and not under way. */
async function accept(cluster: Cluster, { id, sequence }: Order): Promise<boolean> {
  return changeMemory(cluster, (memory) => {
    if (memory.open[id] === sequence) return memory;
    if (sequence <= memory.accepted) return undefined;
    return { accepted: sequence, open: { ...memory.open, [id]: sequence } };
  });
}

/** What is under way for no server any more. */
async function forget(cluster: Cluster, isKept: (id: string) => boolean): Promise<void> {
  await changeMemory(cluster, (memory) => {
    const open = Object.entries(memory.open);
    const kept = open.filter(([id]) => isKept(id));
    return kept.length === open.length ? memory : { ...memory, open: Object.fromEntries(kept) };
  });
}

async function changeMemory(
  cluster: Cluster,
  change: (memory: Memory) => Memory | undefined,
): Promise<boolean> {
  for (;;) {
    const object = await cluster.get(resources.configMaps, memoryName, cluster.namespace);
    const memory = memoryOf(object);
    const next = change(memory);
    if (next === undefined) return false;
    if (next === memory) return true;
    const data = { memory: JSON.stringify(next) };
    try {
      if (object === undefined)
        await cluster.create(resources.configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: {
            name: memoryName,
            namespace: cluster.namespace,
            labels: { 'app.kubernetes.io/name': 'seaworthy' },
          },
          data,
        });
      else await cluster.replace(resources.configMaps, { ...object, data });
      return true;
    } catch (error) {
      if (!isFault(error) || (error.code !== 'conflict' && error.code !== 'already-exists')) throw error;
    }
  }
}

function memoryOf(object: KubeObject | undefined): Memory {
  const text = (object?.['data'] as Record<string, unknown> | undefined)?.['memory'];
  const found = typeof text === 'string' ? (JSON.parse(text) as Partial<Memory>) : {};
  return { accepted: found.accepted ?? 0, open: found.open ?? {} };
}

async function carryOut(
  { cluster, clock, log, settle }: ObeyOptions,
  api: AgentApi,
  order: Order,
  signal: AbortSignal,
): Promise<void> {
  log.info({ order: order.id, repository: order.repository, to: order.to }, 'an order is carried out');
  await api.report(order.id, { state: 'running', text: 'its agent has it' });
  const { domain, repository, from, to } = order;
  const plan = await planRollout(cluster, { domain, repository, from, to }, { clock, id: order.id });
  const result = await runRollout(plan, {
    by: 'seaworthy server',
    cause: order.cause,
    id: order.id,
    parallel,
    clock,
    signal,
    ...(settle === undefined ? {} : { settle }),
  });
  const report = reportOf(plan, result);
  await api.report(order.id, report);
  await changeMemory(cluster, ({ accepted, open }) => {
    const { [order.id]: _, ...rest } = open;
    return { accepted, open: rest };
  });
  log.info({ order: order.id, ...report }, 'an order is over');
}

export function reportOf(
  plan: Pick<Awaited<ReturnType<typeof planRollout>>, 'holds' | 'left' | 'already'>,
  { outcomes, stopped }: RolloutResult,
): OrderReport {
  const failed = outcomes.filter(isFailure);
  const named = ({ kind, namespace, name }: { kind: string; namespace: string; name: string }) =>
    `${kind} ${namespace}/${name}`;
  const left = plan.left.map((one) => `${named(one)} is left alone: ${one.text}`);
  if (failed.length > 0) {
    const isBack = failed.every(({ state }) => state === 'returned');
    const said = failed.map((one) => `${named(one)} ${one.state}: ${one.reason}`);
    return {
      state: isBack ? 'returned' : 'failed',
      text: [...said, ...stopped.map((one) => `${named(one)} was not begun`), ...left].join('; '),
    };
  }
  if (plan.holds.length > 0)
    return {
      state: 'returned',
      text: plan.holds.map(({ workload, hold }) => `${named(workload)} holds it: ${hold.reason}`).join('; '),
    };
  const moved = outcomes.map((one) => `${named(one)} ${one.state}`);
  const already = plan.already > 0 ? [`${plan.already} run it already`] : [];
  const text = [...moved, ...already, ...left].join('; ');
  return outcomes.length + plan.already > 0
    ? { state: 'done', text }
    : { state: left.length > 0 ? 'failed' : 'nothing', text: text === '' ? 'nothing there runs it' : text };
}

async function runningItems(cluster: Cluster): Promise<RunningItem[]> {
  const { running } = await surveyCluster(cluster);
  return running.flatMap(({ namespace, workload, container, image, identity, state }) =>
    state !== 'scheduled' && identity.kind === 'digest'
      ? [
          {
            namespace,
            kind: workload.kind,
            name: workload.name,
            container,
            reference: image,
            digest: identity.digest,
          },
        ]
      : [],
  );
}
