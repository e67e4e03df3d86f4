// Agents killed without a word while pods are asked for all the time: nobody unsigned comes in, and the good ones soon do again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Cluster, type KubeObject, openCluster } from '../src/cluster/kube/index.ts';
import { workloadKinds } from '../src/cluster/workload/index.ts';
import { done } from './agent.ts';
import { clusterDirectory } from './controlplane.ts';
import { eventually, kubectlBeside } from './kubectl.ts';
import { type Load, startLoad } from './load.ts';
import { agentReady, shop, system } from './shop.ts';

interface AgentStatus {
  conditions?: { type: string; status: string }[];
  containerStatuses?: { containerID?: string; restartCount: number }[];
}

interface Agent {
  name: string;
  uid: string;
  restarts: number;
  container: string;
}

/** Those that are ready and there to stay. */
async function agentsOf(cluster: Cluster): Promise<Agent[]> {
  const pods: KubeObject[] = await cluster.list(workloadKinds.Pod, {
    namespace: system,
    labelSelector: 'app.kubernetes.io/component=agent',
  });
  return pods.flatMap(({ metadata, status }) => {
    const { conditions = [], containerStatuses: [own] = [] } = status as AgentStatus;
    const isReady = conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
    if (!isReady || metadata.deletionTimestamp !== undefined || own === undefined) return [];
    const container = own.containerID?.replace(/^.*:\/\//, '') ?? '';
    return [{ name: metadata.name, uid: metadata.uid!, restarts: own.restartCount, container }];
  });
}

/** Its pod stays: the process dies, and the kubelet finds out. */
function killProcess({ container }: Agent): void {
  const socket = join(clusterDirectory(), 'containerd/containerd.sock');
  if (!existsSync(socket)) return;
  execFileSync('ctr', ['-a', socket, '-n', 'k8s.io', 'tasks', 'kill', '-s', 'SIGKILL', container]);
}

async function killPod({ name }: Agent): Promise<void> {
  const { ok, text } = await kubectlBeside([
    ...['-n', system, 'delete', 'pod', name, '--grace-period=0', '--force'],
  ]);
  assert.ok(ok, text);
}

/** Kills one, and waits until there are as many as before, and pods are made again. */
async function survive(cluster: Cluster, load: Load, kill: (agent: Agent) => unknown): Promise<string> {
  const enough = 40;
  const start = load.made();
  await eventually('good pods are made', () => load.made() >= start + enough);
  const before = await agentsOf(cluster);
  const [victim] = before;
  assert.ok(victim !== undefined);
  const lost = load.lost.length;
  const asked = load.made() + lost;
  const began = performance.now();
  await kill(victim);
  const isSame = (one: Agent) => one.uid === victim.uid && one.restarts === victim.restarts;
  await eventually(
    'another agent is ready',
    async () => {
      const now = await agentsOf(cluster);
      return now.length === before.length && !now.some(isSame);
    },
    120_000,
  );
  const ready = performance.now();
  const back = load.made();
  await eventually('good pods are made again', () => load.made() >= back + enough);
  const refused = load.lost.slice(lost);
  const of = load.made() + load.lost.length - asked;
  const times = refused.map(({ at }) => at);
  const span = times.length === 0 ? 0 : Math.max(...times) - began;
  return `${refused.length} of ${of} good ones refused, the last ${(span / 1000).toFixed(1)} s after the kill (ready again after ${((ready - began) / 1000).toFixed(1)} s)`;
}

/** Whoever reads it knows that the agent was not there; nothing is said of the image that is not so. */
function isAway(text: string): boolean {
  return /failed calling webhook "enforce\.admit|named by a tag; .* none was put in: the agent is away/.test(
    text,
  );
}

async function judgeLoad(cluster: Cluster, load: Load, mark: string): Promise<void> {
  assert.deepEqual(load.slipped, []);
  const pods = await cluster.list(workloadKinds.Pod, { namespace: shop });
  const images = pods.flatMap(({ spec }) =>
    (spec as { containers: { image: string }[] }).containers.map(({ image }) => image),
  );
  assert.deepEqual(
    images.filter((image) => /\/unsigned[:@]/.test(image)),
    [],
  );
  const mine = pods.filter(({ metadata }) => metadata.labels?.['load'] === mark);
  assert.equal(mine.length, load.made(), 'each that was made is there');
  for (const text of load.stopped) if (!isAway(text)) assert.match(text, /signed: no signature/);
  for (const { text } of load.lost) assert.ok(isAway(text), text);
}

export function killed(): void {
  const cases = [
    { replicas: 1, what: 'the only agent is killed three times under load' },
    { replicas: 2, what: 'one of two agents is killed three times under load' },
  ];
  for (const { replicas, what } of cases)
    test(`${what}: no unsigned pod is made, and good ones are made again`, async (context) => {
      done(['-n', system, 'scale', 'deployment/seaworthy-agent', `--replicas=${replicas}`]);
      await agentReady();
      const cluster = await openCluster();
      const mark = `load-${replicas}`;
      const load = startLoad(cluster, mark);
      try {
        await eventually(`${replicas} are ready`, async () => (await agentsOf(cluster)).length === replicas);
        const process = await survive(cluster, load, killProcess);
        const first = await survive(cluster, load, killPod);
        const second = await survive(cluster, load, killPod);
        context.diagnostic(`process killed: ${process}`);
        context.diagnostic(`pod deleted by force: ${first}`);
        context.diagnostic(`and again: ${second}`);
      } finally {
        await load.end();
        context.diagnostic(
          `${load.made()} good pods made, ${load.lost.length} refused; ${load.stopped.length} unsigned ones refused, ${load.slipped.length} made`,
        );
        const kinds = new Map<string, number>();
        for (const { text } of load.lost) {
          const kind = text.replace(/load-\d-\d+|\d+(\.\d+){3}(:\d+)*/g, '…').slice(0, 300);
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        }
        for (const [kind, times] of kinds) context.diagnostic(`${times} × ${kind}`);
      }
      try {
        await judgeLoad(cluster, load, mark);
        if (replicas > 1) assert.ok(load.lost.length < load.made() / 4, 'the other one answers');
      } finally {
        await cluster.close();
        done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=1']);
      }
      // All at once: one by one kubectl takes a minute for them.
      done(['delete', '--raw', `/api/v1/namespaces/${shop}/pods?labelSelector=load%3D${mark}`]);
      await agentReady();
    });
}
