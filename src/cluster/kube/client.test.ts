// Tests of the client against a server that speaks like an API server: what each answer means, and watches that break.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { fixedClock } from '../../core/index.ts';
import { createMemoryCluster } from '../../testing/memorycluster.ts';
import { connect } from './client.ts';
import type { Cluster, WatchEvent } from './cluster.ts';
import { whileLeader } from './lease.ts';
import { resources } from './resources.ts';

type Handler = (request: IncomingMessage & { text: string }, reply: ServerResponse) => void;

async function clusterBy(
  context: TestContext,
  handler: Handler,
  user: { token?: string } = { token: 'secret' },
): Promise<Cluster> {
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    handler(Object.assign(request, { text: Buffer.concat(chunks).toString() }), reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cluster = connect(
    { context: 'test', namespace: 'default', server: `http://127.0.0.1:${port}`, user },
    { env: {} },
  );
  context.after(async () => {
    await cluster.close();
    server.closeAllConnections();
    server.close();
  });
  return cluster;
}

function send(reply: ServerResponse, status: number, body: unknown): void {
  reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const status = (code: number, reason: string, message: string, details?: object) => ({
  kind: 'Status',
  code,
  reason,
  message,
  details,
});

test('what is not there is undefined, a kind that is not known a fault', async (context) => {
  const cluster = await clusterBy(context, ({ url }, reply) =>
    url?.includes('imagepolicies')
      ? reply.writeHead(404).end('404 page not found\n')
      : send(reply, 404, status(404, 'NotFound', 'pods "x" not found', { name: 'x' })),
  );
  assert.equal(await cluster.get(resources.secrets, 'x', 'default'), undefined);
  assert.equal(await cluster.delete(resources.secrets, 'x', 'default'), false);
  await assert.rejects(cluster.list(resources.imagePolicies), { code: 'resource-unknown' });
});

test('each refusal is told by a code of its own', async (context) => {
  let answer: object = {};
  const cluster = await clusterBy(context, (_request, reply) =>
    send(reply, (answer as { code: number }).code, answer),
  );
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: 'default' } };
  for (const [code, reason, message, expected] of [
    [401, 'Unauthorized', 'Unauthorized', 'kube-credentials'],
    [403, 'Forbidden', 'secrets is forbidden: User "x" cannot create', 'forbidden'],
    [403, 'Forbidden', 'admission webhook "a.example.com" denied the request: no', 'refused'],
    [
      422,
      'Invalid',
      "secrets \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
      'refused',
    ],
    [409, 'AlreadyExists', 'secrets "x" already exists', 'already-exists'],
    [409, 'Conflict', 'the object has been modified', 'conflict'],
    [422, 'Invalid', 'spec.x: Required value', 'object-invalid'],
    [500, 'InternalError', 'etcd is away', 'api-server-failed'],
  ] as const) {
    answer = status(code, reason, message);
    await assert.rejects(cluster.create(resources.secrets, object), { code: expected }, message);
  }
});

test('a list is read in pages, each object says its kind, and the token goes with every request', async (context) => {
  const seen: (string | undefined)[] = [];
  const cluster = await clusterBy(context, ({ url, headers }, reply) => {
    seen.push(headers.authorization);
    const more = url?.includes('continue=next');
    send(reply, 200, {
      metadata: { resourceVersion: '7', continue: more ? '' : 'next' },
      items: [{ metadata: { name: more ? 'b' : 'a' } }],
    });
  });
  const listed = await cluster.list(resources.secrets, { namespace: 'shop', labelSelector: 'a=b' });
  assert.deepEqual(
    listed.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ['Secret a', 'Secret b'],
  );
  assert.deepEqual(seen, ['Bearer secret', 'Bearer secret']);
});

test('a watch goes on where it broke, and tells everything anew after a gap', async (context) => {
  const asked: string[] = [];
  const item = (name: string, version: string) => ({ metadata: { name, resourceVersion: version } });
  const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  let watches = 0;
  const cluster = await clusterBy(context, ({ url }, reply) => {
    const version = /resourceVersion=(\d+)/.exec(url ?? '')?.[1];
    asked.push(version === undefined ? 'list' : `watch ${version}`);
    if (version === undefined)
      return send(reply, 200, {
        metadata: { resourceVersion: asked.length === 1 ? '10' : '20' },
        items: [item('a', '9')],
      });
    reply.writeHead(200);
    watches++;
    if (watches === 1) {
      // A line in two pieces, then the connection is cut.
      const text = line('ADDED', item('b', '11')) + line('BOOKMARK', item('', '12'));
      reply.write(text.slice(0, 20), () =>
        reply.write(text.slice(20), () => setImmediate(() => reply.destroy())),
      );
    } else if (watches === 2) reply.end(line('ERROR', status(410, 'Expired', 'too old resource version')));
    else reply.write(line('DELETED', item('b', '21')));
  });
  const aborter = new AbortController();
  const events: string[] = [];
  const problems: (string | undefined)[] = [];
  const watch = cluster.watch(
    resources.secrets,
    { problem: (fault) => void problems.push(fault?.code) },
    aborter.signal,
  );
  for await (const event of watch) {
    events.push(told(event));
    if (event.type === 'deleted') aborter.abort();
  }
  assert.deepEqual(events, ['listed 1', 'added b', 'listed 1', 'deleted b']);
  assert.deepEqual(asked, ['list', 'watch 10', 'watch 12', 'list', 'watch 20']);
  assert.ok(problems.some((code) => code !== undefined) && problems.at(-1) === undefined);
});

function told(event: WatchEvent): string {
  return event.type === 'listed'
    ? `listed ${event.objects.length}`
    : `${event.type} ${event.object.metadata.name}`;
}

test('the API server says who we are, and where it does not know the question nobody is named', async (context) => {
  let known = true;
  const cluster = await clusterBy(context, ({ method, url }, reply) => {
    assert.equal(`${method} ${url?.split('?')[0]}`, 'POST /apis/authentication.k8s.io/v1/selfsubjectreviews');
    if (known)
      send(reply, 201, {
        kind: 'SelfSubjectReview',
        metadata: {},
        status: { userInfo: { username: 'ana' } },
      });
    else send(reply, 404, status(404, 'NotFound', 'no'));
  });
  assert.equal(await cluster.whoami(), 'ana');
  known = false;
  assert.equal(await cluster.whoami(), undefined);
});

test('the API server’s clock is read from its answers', async (context) => {
  const cluster = await clusterBy(context, (_request, reply) => {
    reply.setHeader('date', new Date(Date.now() + 5 * 365 * 86_400_000).toUTCString());
    send(reply, 200, { metadata: { name: 'x' } });
  });
  assert.equal(cluster.clockAhead, 0);
  await cluster.get(resources.secrets, 'x', 'default');
  assert.ok(Math.abs(cluster.clockAhead / 86_400_000 - 5 * 365) < 1, String(cluster.clockAhead));
});

test('of two replicas one leads; the other takes over when it gives the lease back', async () => {
  const cluster = createMemoryCluster();
  const order: string[] = [];
  const enter = new Map<string, () => void>();
  const entered = (holder: string) => new Promise<void>((resolve) => enter.set(holder, resolve));
  const start = (holder: string) => {
    const aborter = new AbortController();
    const done = whileLeader(
      { cluster, namespace: 'n', name: 'l', holder, clock: { now: () => new Date() }, lasts: 30 },
      async (term) => {
        order.push(`${holder} leads`);
        enter.get(holder)?.();
        await new Promise<void>((resolve) => term.addEventListener('abort', () => resolve(), { once: true }));
        order.push(`${holder} ends`);
      },
      aborter.signal,
    );
    return { stop: () => aborter.abort(), done };
  };
  const first = entered('a');
  const a = start('a');
  await first;
  const second = entered('b');
  const b = start('b');
  a.stop();
  await a.done;
  await second;
  b.stop();
  await b.done;
  assert.deepEqual(order, ['a leads', 'a ends', 'b leads', 'b ends']);
});

test('a lease that somebody holds is left to them until it runs out', async () => {
  const cluster = createMemoryCluster();
  const held = (renewTime: string) =>
    cluster.apply(resources.leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l', namespace: 'n' },
      spec: { holderIdentity: 'other', renewTime },
    });
  await held('2026-11-27T12:00:00.000000Z');
  const at = async (now: string) => {
    const aborter = new AbortController();
    let led = false;
    // Ends after the first look: what is asked next is answered by an end.
    const clock = { now: () => fixedClock(now).now() };
    const done = whileLeader(
      { cluster, namespace: 'n', name: 'l', holder: 'me', clock, lasts: 15_000 },
      async () => {
        led = true;
      },
      aborter.signal,
    );
    await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    aborter.abort();
    await done;
    return led;
  };
  assert.equal(await at('2026-11-27T12:00:10Z'), false);
  assert.equal(await at('2026-11-27T12:00:20Z'), true);
});
