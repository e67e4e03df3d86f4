// An agent's order loop in a process that is killed at a step of an order, the two workloads it moves, and its server.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type KubeObject, readKubeconfig } from '../src/cluster/kube/index.ts';
import {
  type Hold,
  holdAnnotation,
  type RolloutRecord,
  recordAnnotation,
} from '../src/cluster/rollout/index.ts';
import { kubectlBeside } from './kubectl.ts';
import { type OrderServer, openOrderServer } from './orderserver.ts';
import { openPassage, type Passing } from './passage.ts';
import { workloadOf } from './rolloutobjects.ts';

const program = fileURLToPath(new URL('orderloop.ts', import.meta.url));
const memoryName = 'seaworthy-agent-orders';
export const kinds = ['Deployment', 'StatefulSet'] as const;

/** `lost`: it was done, and its answer does not come back. */
export interface Point {
  step: string;
  lost: boolean;
}

interface Memory {
  accepted: number;
  open: Record<string, number>;
}

/** One workload as kubectl sees it. */
export interface Standing {
  images: string[];
  /** How often its template was another. */
  changes: number;
  /** Templates that were ever made: ReplicaSets, ControllerRevisions. */
  templates: number;
  record: RolloutRecord | undefined;
  holds: Hold[];
}

export interface Place extends Record<(typeof kinds)[number], Standing> {
  memory: Memory | undefined;
}

export interface OrderScene {
  space: string;
  server: OrderServer;
  /** What the agent asked for, each by a step's name, in its order. */
  steps: string[];
  ready(): Promise<void>;
  start(): void;
  /** Resolves when it is gone, by a kill -9 at the next step of that name. */
  killedAt(point: Point): Promise<void>;
  /** Whether it has not come to that step yet. */
  isArmed(): boolean;
  /** Rejects when the agent ends without having been killed. */
  over(id: string): Promise<void>;
  standing(): Promise<Place>;
  /** The agent's memory is removed. */
  forgetAll(): Promise<void>;
  /** Until no order is under way by the agent's memory. */
  closed(): Promise<void>;
}

/** The name of what a request does; undefined for what is no step of an order. */
function stepOf({ method, url, body }: Passing): string | undefined {
  const { pathname } = url;
  if (method === 'GET') return pathname === '/v1/agent/orders' ? 'GET orders' : undefined;
  if (pathname === '/v1/agent/running') return undefined;
  if (pathname.startsWith('/v1/agent/orders/'))
    return `${method} order, ${(JSON.parse(body) as { state: string }).state}`;
  const plural = /\/namespaces\/[^/]+\/([a-z]+)/.exec(pathname)?.[1] ?? pathname;
  const detail = plural === 'configmaps' ? memoryText(body) : method === 'PATCH' ? recordText(body) : '';
  return `${method} ${plural}${detail}`;
}

function memoryText(body: string): string {
  const { data } = JSON.parse(body) as { data: { memory: string } };
  const { open } = JSON.parse(data.memory) as Memory;
  return `, ${Object.keys(open).length} open`;
}

function recordText(body: string): string {
  const patches = JSON.parse(body) as { path: string; value?: unknown }[];
  const path = `/metadata/annotations/${recordAnnotation.replace('/', '~1')}`;
  const record = patches.find((patch) => patch.path === path)?.value;
  return typeof record === 'string' ? `, ${(JSON.parse(record) as RolloutRecord).state}` : '';
}

async function kubectl(args: readonly string[], input?: unknown): Promise<string> {
  const { ok, text } = await kubectlBeside(args, input);
  assert.ok(ok, text);
  return text;
}

/** A namespace, a server and an agent of its own, and workloads that run this image: several go on side by side. */
export async function openScene(t: TestContext, name: string, image: string): Promise<OrderScene> {
  const space = `kills-${name}`;
  const work = mkdtempSync(join(tmpdir(), 'seaworthy-kills-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  await kubectl(['delete', 'namespace', space, '--ignore-not-found', '--timeout=60s']);
  t.after(() => kubectl(['delete', 'namespace', space, '--wait=false']));
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: space } },
    ...kinds.map((kind) =>
      workloadOf(kind, space, kind.toLowerCase(), image, {
        spec: {
          revisionHistoryLimit: 100,
          ...(kind === 'Deployment' ? { progressDeadlineSeconds: 600 } : {}),
        },
      }),
    ),
  ];
  await kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items });
  const server = await openOrderServer(join(work, 'home'), name);
  t.after(() => server.close());

  const steps: string[] = [];
  let child: ChildProcess | undefined;
  let said = '';
  let broken = Promise.withResolvers<never>();
  let remembered = Promise.withResolvers<void>();
  let armed: (Point & { gone: PromiseWithResolvers<void> }) | undefined;
  const kill = async () => {
    const dying = child;
    child = undefined;
    if (dying === undefined || dying.exitCode !== null) return;
    const gone = once(dying, 'exit');
    dying.kill('SIGKILL');
    await gone;
  };
  const passes = async (passing: Passing, status?: number): Promise<boolean> => {
    const step = stepOf(passing);
    if (step === undefined) return true;
    if (status === undefined) steps.push(step);
    else if (step.includes(' configmaps')) {
      remembered.resolve();
      remembered = Promise.withResolvers();
    }
    const isThere =
      armed?.step === step && (armed.lost ? status !== undefined && status < 300 : status === undefined);
    if (armed === undefined || !isThere) return true;
    const { gone } = armed;
    armed = undefined;
    await kill();
    gone.resolve();
    return false;
  };

  const real = (await readKubeconfig(undefined)).access();
  const { ca, user } = real;
  const toCluster = await openPassage({
    to: real.server,
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(user.cert === undefined || user.key === undefined ? {} : { cert: user.cert, key: user.key }),
    },
    ...(user.token === undefined ? {} : { authorization: `Bearer ${user.token}` }),
    passes,
  });
  const toServer = await openPassage({ to: server.url, passes });
  t.after(() => {
    toCluster.close();
    toServer.close();
  });
  t.after(kill);
  const put = (file: string, text: string) => writeFileSync(join(work, file), text);
  mkdirSync(join(work, 'server'));
  put('server/url', toServer.url);
  put('server/token', 'of-the-agent');
  put('server/cluster', name);
  put('server/orders.pub', server.publicKey);
  put(
    'kubeconfig',
    JSON.stringify({
      'current-context': 'e2e',
      contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'e2e', namespace: space } }],
      clusters: [{ name: 'e2e', cluster: { server: toCluster.url } }],
      users: [{ name: 'e2e', user: {} }],
    }),
  );

  const standing = async (): Promise<Place> => {
    const every = 'deployments,statefulsets,replicasets,controllerrevisions,configmaps';
    return placeOf(
      JSON.parse(await kubectl(['get', every, '-n', space, '-o', 'json'])) as { items: KubeObject[] },
    );
  };

  return {
    space,
    server,
    steps,
    standing,
    async ready() {
      for (const kind of kinds)
        await kubectl(['rollout', 'status', `${kind.toLowerCase()}s/${kind.toLowerCase()}`, '-n', space]);
    },
    start() {
      broken = Promise.withResolvers();
      broken.promise.catch(() => {});
      const started = spawn(process.execPath, [program, join(work, 'kubeconfig'), join(work, 'server')], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'seaworthy-tests-compiled') },
      });
      for (const stream of [started.stdout, started.stderr])
        stream.on('data', (text) => {
          said += String(text);
        });
      started.once('exit', () => {
        if (child === started) broken.reject(new Error(`expected an agent that runs, got:\n${said}`));
      });
      child = started;
    },
    killedAt(point) {
      const gone = Promise.withResolvers<void>();
      armed = { ...point, gone };
      return gone.promise;
    },
    isArmed: () => armed !== undefined,
    over: (id) => Promise.race([server.over(id), broken.promise]),
    forgetAll: async () =>
      void (await kubectl(['delete', 'configmap', memoryName, '-n', space, '--ignore-not-found'])),
    async closed() {
      for (;;) {
        const { promise } = remembered;
        const { memory } = await standing();
        if (memory !== undefined && Object.keys(memory.open).length === 0) return;
        await Promise.race([promise, broken.promise]);
      }
    },
  };
}

function placeOf({ items }: { items: readonly KubeObject[] }): Place {
  const found = items.find(({ metadata }) => metadata.name === memoryName);
  const text = (found?.['data'] as { memory: string } | undefined)?.memory;
  return {
    Deployment: standingOf(items, 'Deployment'),
    StatefulSet: standingOf(items, 'StatefulSet'),
    memory: text === undefined ? undefined : (JSON.parse(text) as Memory),
  };
}

interface TemplateSpec {
  template: { spec: Record<'containers' | 'initContainers', { image: string }[]> };
}

/** A Deployment counts annotations as generations as well, and numbers its templates. */
function standingOf(items: readonly KubeObject[], kind: (typeof kinds)[number]): Standing {
  const { metadata, spec } = items.find((item) => item.kind === kind)!;
  const { containers, initContainers } = (spec as TemplateSpec).template.spec;
  const { annotations = {}, generation = 0 } = metadata;
  const below = kind === 'Deployment' ? 'ReplicaSet' : 'ControllerRevision';
  const record = annotations[recordAnnotation];
  return {
    images: [...new Set([...containers, ...initContainers].map(({ image }) => image))],
    changes: kind === 'Deployment' ? Number(annotations['deployment.kubernetes.io/revision']) : generation,
    templates: items.filter((item) => item.kind === below).length,
    record: record === undefined ? undefined : (JSON.parse(record) as RolloutRecord),
    holds: JSON.parse(annotations[holdAnnotation] ?? '[]') as Hold[],
  };
}
