// A cluster of 10,000 pods of 200 images, as `cluster status` sees it: time, memory and requests of the first look, of the
// next, and of the question what one flaw reaches. The API server is a list of pods; registry, images and advisories
// are real.
//   node bench/fleet.ts [PODS] [IMAGES]      default: 10000 200
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../src/cluster/kube/index.ts';
import { makeImage } from '../src/testing/images.ts';
import { nodeOf, ownedBy, podOf } from '../src/testing/pods.ts';
import { openYard } from '../src/testing/yard.ts';

const pods = Number(process.argv[2] ?? 10_000);
const images = Number(process.argv[3] ?? 200);
const root = new URL('..', import.meta.url).pathname;
const data = join(root, '..', 'shared', 'data');
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-fleet-'));
const closing: (() => unknown)[] = [];
const yard = await openYard({ after: (close: () => unknown) => void closing.unshift(close) } as never);

/** Two hundred packages each. */
async function pushImages(): Promise<string[]> {
  const digests: string[] = [];
  for (let number = 0; number < images; number++) {
    const files = Array.from({ length: 200 }, (_, at) => ({
      path: `srv/node_modules/p${at}/package.json`,
      data: JSON.stringify({ name: `p${at}`, version: `1.0.${number}` }),
    }));
    digests.push((await yard.push(`team/app${number}`, [makeImage({ layers: [files] })])).digest);
  }
  return digests;
}

function listsOf(digests: readonly string[]): Record<string, KubeObject[]> {
  const fields = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`f:field${at}`, { '.': {} }]));
  const all = Array.from({ length: pods }, (_, at) => {
    const name = `${yard.host}/team/app${at % images}`;
    const owner = { kind: 'ReplicaSet', name: `rs-${at % 1000}`, uid: `rs-${at % 1000}` };
    const containers = [{ image: `${name}:v1`, imageID: `${name}@${digests[at % images]}` }];
    const pod = podOf(`pod-${at}`, { namespace: `ns${at % 100}`, owner, containers });
    const managedFields = Array.from({ length: 3 }, () => ({ manager: 'x', fieldsV1: fields }));
    return { ...pod, metadata: { ...pod.metadata, managedFields } };
  });
  const deployment = (at: number) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: `web-${at}`,
    uid: `d-${at}`,
  });
  const replicasets = Array.from({ length: 1000 }, (_, at) =>
    ownedBy('ReplicaSet', `rs-${at}`, `rs-${at}`, deployment(at), `ns${at % 100}`),
  );
  return {
    pods: all,
    replicasets,
    jobs: [],
    cronjobs: [],
    nodes: [nodeOf('node1')],
    namespaces: [],
    imagepolicies: [],
  };
}

async function serve(lists: Readonly<Record<string, KubeObject[]>>): Promise<string> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    const all = lists[url.pathname.split('/').at(-1)!];
    const at = Number(url.searchParams.get('continue') ?? 0);
    const end = at + Number(url.searchParams.get('limit') ?? 500);
    response.statusCode = all === undefined ? 404 : 200;
    const next = all !== undefined && end < all.length ? { continue: String(end) } : {};
    response.end(
      JSON.stringify(
        all === undefined ? { details: { name: 'x' } } : { items: all.slice(at, end), metadata: next },
      ),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const seaworthy = (...args: string[]) => [
  join(root, 'bin/seaworthy.cjs'),
  '--home',
  join(work, 'home'),
  ...args,
];

function look(...more: string[]): Promise<void> {
  const args = [
    '-f',
    '%M',
    process.execPath,
    ...seaworthy('cluster', 'status', '--kubeconfig', join(work, 'kubeconfig'), ...more),
  ];
  const started = performance.now();
  yard.requests.length = 0;
  const child = spawn('/usr/bin/time', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  return new Promise((resolve) =>
    child.on('exit', () => {
      const seconds = (performance.now() - started) / 1000;
      const megabytes = Number(/(\d+)\s*$/.exec(said)?.[1]) / 1024;
      process.stdout.write(
        `cluster status ${more.join(' ')}: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB, ${yard.requests.length} requests at the registry\n`,
      );
      resolve();
    }),
  );
}

try {
  const server = await serve(listsOf(await pushImages()));
  const named = { name: 'bench', cluster: { server } };
  writeFileSync(
    join(work, 'kubeconfig'),
    JSON.stringify({
      'current-context': 'bench',
      clusters: [named],
      users: [{ name: 'me', user: { token: 'x' } }],
      contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'me' } }],
    }),
  );
  execFileSync(
    process.execPath,
    seaworthy('db', 'update', '--from', join(data, 'osv'), '--all', '--no-epss', '--no-kev'),
    { stdio: 'ignore' },
  );
  await look();
  await look();
  await look('--cve', 'CVE-2024-3094');
} finally {
  for (const close of closing) await close();
  rmSync(work, { recursive: true, force: true });
}
process.exit(0);
