// The agent under load: a cached verdict over keep-alive TLS at 500 reviews a second, and 1,000 pods of one new image.
//   node bench/admission.ts [RATE] [SECONDS]      default: 500 20
import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { makeImage } from '../src/testing/images.ts';
import { newKey, openYard } from '../src/testing/yard.ts';
import { publicPem } from '../src/trust/index.ts';
import type { Load, Loaded } from './load.ts';

const rate = Number(process.argv[2] ?? 500);
const seconds = Number(process.argv[3] ?? 20);
const root = new URL('..', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-admission-'));
const closing: (() => unknown)[] = [() => rmSync(work, { recursive: true, force: true })];
const ports = { reviews: 18_443, health: 18_081 };

/** The program that is released, as a process of its own. */
function startAgent(policy: string): Promise<ChildProcess> {
  const args = [
    '--home',
    join(work, 'home'),
    'agent',
    '--policy',
    policy,
    '--port',
    String(ports.reviews),
    '--health-port',
    String(ports.health),
    '--log-level',
    'error',
  ];
  const child = spawn(process.execPath, [join(root, 'bin/seaworthy.cjs'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  closing.push(() => child.kill());
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the agent ended with ${code}`)));
    const ask = async () => {
      const isReady = await fetch(`http://127.0.0.1:${ports.health}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) resolve(child);
      else setTimeout(ask, 50);
    };
    void ask();
  });
}

/** A pod as a Deployment's ReplicaSet has it made: what an API server sends, managedFields and all. */
function reviewOf(image: string, at: number): string {
  const name = `web-6b96bbb8c5-${at.toString(36)}`;
  const metadata = {
    name,
    namespace: 'bench',
    uid: `pod-${at}`,
    labels: { app: 'web', 'pod-template-hash': '6b96bbb8c5' },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web-6b96bbb8c5',
        uid: 'rs',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    managedFields: [
      {
        manager: 'kube-controller-manager',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:generateName': {}, 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} },
            },
          },
        },
      },
    ],
  };
  const mount = {
    name: 'kube-api-access-xsczq',
    readOnly: true,
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  };
  const spec = {
    volumes: [
      {
        name: 'kube-api-access-xsczq',
        projected: {
          sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }],
          defaultMode: 420,
        },
      },
    ],
    containers: [
      {
        name: 'web',
        image,
        resources: { requests: { cpu: '10m' } },
        volumeMounts: [mount],
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    serviceAccountName: 'default',
    tolerations: [
      {
        key: 'node.kubernetes.io/not-ready',
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      },
    ],
  };
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: `${at}`,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      name,
      namespace: 'bench',
      operation: 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        groups: ['system:serviceaccounts', 'system:authenticated'],
      },
      object: { apiVersion: 'v1', kind: 'Pod', metadata, spec },
      oldObject: null,
      dryRun: false,
    },
  });
}

function load(bodies: readonly string[], more: Partial<Load> = {}): Promise<Loaded> {
  const workerData: Load = {
    url: `https://127.0.0.1:${ports.reviews}/admit/enforce?timeout=10s`,
    ca: readFileSync(join(work, 'home/agent/ca.crt'), 'utf8'),
    rate,
    seconds,
    connections: 64,
    bodies,
    ...more,
  };
  const worker = new Worker(new URL('./load.ts', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.on('message', resolve);
    worker.on('error', reject);
  });
}

/** Ms of CPU that a process has used, all its threads together; in hundredths of a second, as Linux counts. */
function cpuOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const at = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
const ms = (value: number) => value.toFixed(value < 10 ? 2 : 1);

try {
  const yard = await openYard({ after: (close: () => unknown) => void closing.unshift(close) } as never);
  const key = newKey();
  const policy = join(work, 'policy.yaml');
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'bench' },
      spec: {
        registries: [`${yard.host}/**`],
        authorities: [{ name: 'build', key: { keys: [{ pem: publicPem(createPublicKey(key)) }] } }],
        rules: [{ name: 'signed', signature: { by: ['build'], formats: ['bundle'] } }],
      },
    }),
  );
  const images: string[] = [];
  for (let number = 0; number < 4; number++) {
    const image = await yard.push(`team/app${number}`, [makeImage({ labels: { number: `${number}` } })]);
    await yard.sign(image, key);
    images.push(`${yard.host}/team/app${number}:v1@${image.digest}`);
  }
  const agent = await startAgent(policy);
  const reviews = (image: string, count: number) =>
    Array.from({ length: count }, (_, i) => reviewOf(image, i));

  yard.requests.length = 0;
  const one = await load(reviews(images[0]!, 1), { rate: 1, seconds: 1 });
  const asked = yard.requests.length;
  yard.requests.length = 0;
  const crowd = await load(reviews(images[1]!, 1000), { rate: 1_000_000, seconds: 0.001, connections: 200 });
  process.stdout.write(
    `1,000 pods of one new image: ${yard.requests.length} requests at the registry, as many as one pod (${asked}); the first cold answer ${ms(at(one.latencies, 0))} ms, the thousandth ${ms(crowd.latencies.at(-1)!)} ms after all were sent\n`,
  );
  await load(reviews(images[2]!, 500), { seconds: 3 });
  yard.requests.length = 0;
  const before = cpuOf(agent);
  const { latencies, others, lateness } = await load(reviews(images[2]!, 500));
  process.stdout.write(
    `cached verdict, ${rate} reviews/s for ${seconds} s, open loop: p50 ${ms(at(latencies, 0.5))} ms, p90 ${ms(at(latencies, 0.9))} ms, p99 ${ms(at(latencies, 0.99))} ms, longest ${ms(latencies.at(-1)!)} ms, of ${latencies.length}; ${ms((cpuOf(agent) - before) / latencies.length)} ms of CPU each; ${yard.requests.length} requests at the registry; the generator was at most ${ms(lateness)} ms late; load ${loadavg()[0]!.toFixed(1)} on two cores\n`,
  );
  const wrong = { ...one.others, ...crowd.others, ...others };
  if (Object.keys(wrong).length > 0)
    throw new Error(`expected every answer to be an allow, got ${JSON.stringify(wrong).slice(0, 1000)}`);
} finally {
  for (const close of closing) await close();
}
process.exit(0);
