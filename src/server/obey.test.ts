import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resources } from '../cluster/kube/index.ts';
import { workloadKinds } from '../cluster/workload/index.ts';
import { systemClock } from '../core/index.ts';
import { createClient } from '../net/index.ts';
import { createMemoryCluster } from '../testing/memorycluster.ts';
import {
  controlDeployments,
  newDigest,
  newImage,
  oldDigest,
  oldImage,
  repository,
  settled,
} from '../testing/rolloutobjects.ts';
import { type Order, type OrderReport, type SignedOrder, signOrder } from './contract/index.ts';
import { createLog } from './log.ts';
import { obey } from './obey.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

function order(sequence: number, more: Partial<Order> = {}): Order {
  return {
    id: `r1.${sequence}.prod`,
    cluster: 'prod',
    sequence,
    domain: 'registry.example.com',
    repository: 'team/app',
    from: oldDigest,
    to: newDigest,
    cause: 'a base moved',
    issuedAt: Date.now(),
    expiresAt: Date.now() + 60_000,
    ...more,
  };
}

/** A server that gives what it is told to, an agent that obeys it, and the cluster of both. */
async function scene(t: TestContext, before: { annotations?: Record<string, string>; memory?: string } = {}) {
  const cluster = createMemoryCluster();
  const { annotations = {}, memory } = before;
  await cluster.create(workloadKinds.Deployment, settled('Deployment', 'web', { metadata: { annotations } }));
  if (memory !== undefined)
    await cluster.create(resources.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'seaworthy-agent-orders', namespace: cluster.namespace },
      data: { memory },
    });
  const stop = new AbortController();
  void controlDeployments(cluster, () => false, stop.signal);
  const state = { orders: [] as SignedOrder[], asked: 0, reports: [] as ({ id: string } & OrderReport)[] };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      const { pathname } = new URL(request.url ?? '', 'http://x');
      if (request.method === 'GET') {
        state.asked++;
        response.setHeader('content-type', 'application/json');
        setTimeout(() => response.end(JSON.stringify({ orders: state.orders })), 5);
        return;
      }
      const id = /^\/v1\/agent\/orders\/(.+)$/.exec(pathname)?.[1];
      if (id !== undefined) state.reports.push({ id, ...(JSON.parse(body) as OrderReport) });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-obey-'));
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text);
  put('url', `http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  put('token', 'sw_x');
  put('cluster', 'prod\n');
  put('orders.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const http = createClient({});
  const logged: string[] = [];
  const running = obey(
    {
      cluster,
      http,
      clock: systemClock,
      log: createLog('info', { write: (text) => logged.push(text) }),
      server: dir,
      problem: (what, fault) => {
        if (fault !== undefined) logged.push(`${what} ${fault.message}`);
      },
      pause: 5,
      settle: 0,
    },
    stop.signal,
  );
  t.after(async () => {
    stop.abort();
    await running;
    await http.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(dir, { recursive: true });
  });
  const until = async (what: () => boolean) => {
    while (!what()) await new Promise((done) => setTimeout(done, 5));
  };
  const image = async () => {
    const found = await cluster.get(workloadKinds.Deployment, 'web', 'shop');
    return JSON.stringify(found?.spec);
  };
  return { cluster, state, logged, until, image };
}

test('an order moves what it names, and what became of it is told', async (t) => {
  const { cluster, state, until, image, logged } = await scene(t);
  state.orders = [signOrder(order(1), privateKey)];
  await until(() => logged.some((line) => line.includes('an order is over')));
  assert.match(await image(), new RegExp(newImage));
  assert.deepEqual(
    state.reports.map(({ id, state: said }) => [id, said]),
    [
      ['r1.1.prod', 'running'],
      ['r1.1.prod', 'done'],
    ],
  );
  const memory = await cluster.get(resources.configMaps, 'seaworthy-agent-orders', cluster.namespace);
  assert.deepEqual(memory?.['data'], { memory: '{"accepted":1,"open":{}}' });
});

test('an order that was there before is not obeyed again', async (t) => {
  const { state, until, logged, cluster } = await scene(t);
  state.orders = [signOrder(order(1), privateKey)];
  await until(() => logged.some((line) => line.includes('an order is over')));
  const writes = cluster.writes.length;
  const asked = state.asked;
  await until(() => state.asked > asked + 3);
  assert.deepEqual(cluster.writes.slice(writes), []);
  assert.equal(state.reports.length, 2);
  assert.ok(logged.some((line) => line.includes('was there before')));
});

test('an order whose end the server knows is forgotten by an agent that was killed before it heard so', async (t) => {
  const { cluster, state, until } = await scene(t, {
    memory: '{"accepted":2,"open":{"r1.1.prod":1,"r1.2.prod":2}}',
  });
  await until(() => cluster.writes.includes('replace configmaps/seaworthy-agent-orders'));
  const found = await cluster.get(resources.configMaps, 'seaworthy-agent-orders', cluster.namespace);
  assert.deepEqual(found?.['data'], { memory: '{"accepted":2,"open":{}}' });
  assert.deepEqual(state.reports, []);
});

test('an order that ended while its server was away is told as it ended, and not begun again', async (t) => {
  const [from, to] = [oldDigest, newDigest];
  const ended = '2026-11-27T12:00:00.000Z';
  const record = {
    version: 1,
    id: 'r1.1.prod',
    state: 'stuck',
    repository,
    from,
    to,
    images: [{ role: 'container', name: 'main', before: oldImage, good: oldImage, after: newImage }],
    unavailable: 0,
    by: 'seaworthy server',
    started: ended,
    patience: 600_000,
    deadline: ended,
    ended,
    reason: 'crashed; and the way back: crashed',
  };
  const hold = { repository, digest: to, reason: 'crashed', by: 'seaworthy server', since: ended };
  const { state, until, image, logged } = await scene(t, {
    annotations: {
      'seaworthy.dev/rollout': JSON.stringify(record),
      'seaworthy.dev/hold': JSON.stringify([hold]),
    },
    memory: '{"accepted":1,"open":{"r1.1.prod":1}}',
  });
  const before = await image();
  state.orders = [signOrder(order(1), privateKey)];
  await until(() => logged.some((line) => line.includes('an order is over')));
  assert.deepEqual(state.reports.at(-1), {
    id: 'r1.1.prod',
    state: 'failed',
    text: 'Deployment shop/web stuck: crashed; and the way back: crashed',
  });
  assert.equal(await image(), before);
});

test('a forged order, and one to another cluster, move nothing', async (t) => {
  const { state, until, image, logged } = await scene(t);
  const before = await image();
  state.orders = [
    signOrder(order(1), generateKeyPairSync('ed25519').privateKey),
    signOrder(order(2, { cluster: 'dev' }), privateKey),
    { payload: 'x', signature: 'y' },
  ];
  await until(() => state.asked > 3);
  assert.equal(await image(), before);
  assert.deepEqual(state.reports, []);
  assert.ok(logged.some((line) => line.includes('order-invalid')));
});
