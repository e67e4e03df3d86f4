// How much longer running pods take to come up with the webhook than without, on a real cluster (KUBECONFIG).
//   node bench/pods.ts [PODS] [RUNS]      default: 100 5
// The agent runs on this machine, behind a webhook configuration of the bench's own that is for the bench's namespace
// alone; both are gone when it ends. Each run creates the pods one after the other over one connection, as a controller
// does, and waits until the last one runs; runs alternate, so that what else the node does meets both.
import { type ChildProcess, spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pushApp } from '../e2e/apps.ts';
import { nodeAddress } from '../e2e/place.ts';
import { type Cluster, type KubeObject, openCluster, resources } from '../src/cluster/kube/index.ts';
import { workloadKinds } from '../src/cluster/workload/index.ts';
import { createClient } from '../src/net/index.ts';
import { newKey } from '../src/testing/yard.ts';
import { anonymous } from '../src/transport/index.ts';
import { publicPem, resolveImage, signWithBundle } from '../src/trust/index.ts';
import { localSigner } from '../src/trust/key/index.ts';

const count = Number(process.argv[2] ?? 100);
const runs = Number(process.argv[3] ?? 5);
const root = new URL('..', import.meta.url).pathname;
const prefix = process.env['E2E_REGISTRY'] ?? '127.0.0.1:5000';
const name = 'status-bench-pods';
const port = 18_444;
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-pods-'));
const host = nodeAddress();
const cluster: Cluster = await openCluster();

function webhook(): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'pods.bench.seaworthy.dev',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        timeoutSeconds: 10,
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        clientConfig: {
          url: `https://${host}:${port}/admit/enforce`,
          caBundle: readFileSync(join(work, 'home/agent/ca.crt')).toString('base64'),
        },
      },
    ],
  };
}

function podOf(image: string, at: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p${at}`, namespace: name },
    spec: {
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      containers: [{ name: 'app', image }],
    },
  };
}

async function startAgent(policy: string): Promise<ChildProcess> {
  const args = [
    '--home',
    join(work, 'home'),
    'agent',
    '--policy',
    policy,
    '--host',
    host,
    '--port',
    `${port}`,
    '--health-port',
    `${port + 1}`,
    '--log-level',
    'error',
    '--plain-http',
  ];
  const child = spawn(process.execPath, [join(root, 'bin/seaworthy.cjs'), ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`);
    if (
      await fetch(`http://${host}:${port + 1}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Seconds from the first creation until all run. */
async function run(image: string): Promise<{ created: number; running: number }> {
  const aborter = new AbortController();
  const up = new Set<string>();
  const all = (async () => {
    for await (const event of cluster.watch(workloadKinds.Pod, { namespace: name }, aborter.signal)) {
      const objects =
        event.type === 'listed' ? event.objects : event.type === 'deleted' ? [] : [event.object];
      for (const { metadata, status } of objects)
        if ((status as { phase?: string } | undefined)?.phase === 'Running') up.add(metadata.name);
      if (up.size === count) aborter.abort();
    }
  })();
  const started = performance.now();
  for (let at = 0; at < count; at++) await cluster.create(workloadKinds.Pod, podOf(image, at));
  const created = (performance.now() - started) / 1000;
  await all;
  const running = (performance.now() - started) / 1000;
  for (let at = 0; at < count; at++) await cluster.delete(workloadKinds.Pod, `p${at}`, name);
  while ((await cluster.list(workloadKinds.Pod, { namespace: name })).length > 0)
    await new Promise((resolve) => setTimeout(resolve, 500));
  return { created, running };
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
let agent: ChildProcess | undefined;
const http = createClient();
try {
  const digest = pushApp(`${prefix}/bench/app:1`, { mark: 'bench' }, work);
  const image = `${prefix}/bench/app@${digest}`;
  const key = newKey();
  const signed = await resolveImage(image, { http, credentials: anonymous });
  await signWithBundle(signed, { key: localSigner(key) }, { http }, Date.now());
  const policy = join(work, 'policy.yaml');
  const authorities = [{ name: 'build', key: { keys: [{ pem: publicPem(createPublicKey(key)) }] } }];
  const spec = { authorities, rules: [{ name: 'signed', signature: { by: ['build'] } }] };
  writeFileSync(
    policy,
    JSON.stringify({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'bench' },
      spec,
    }),
  );
  agent = await startAgent(policy);
  await cluster.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  process.stderr.write('bench: one run to warm up\n');
  await run(image);
  const figures = {
    without: [] as number[],
    with: [] as number[],
    createdWithout: [] as number[],
    createdWith: [] as number[],
  };
  for (let round = 0; round < runs; round++) {
    // Which of the two comes first changes each time: the pods of the run before are still being cleared away.
    const first = round % 2 === 0 ? await run(image) : undefined;
    await cluster.create(resources.validatingWebhooks, webhook());
    const guarded = await run(image);
    await cluster.delete(resources.validatingWebhooks, name);
    const without = first ?? (await run(image));
    figures.without.push(without.running);
    figures.with.push(guarded.running);
    figures.createdWithout.push(without.created);
    figures.createdWith.push(guarded.created);
    process.stderr.write(
      `bench: run ${round + 1}: ${without.running.toFixed(1)} s without, ${guarded.running.toFixed(1)} s with\n`,
    );
  }
  const [before, after] = [median(figures.without), median(figures.with)];
  const each = ((median(figures.createdWith) - median(figures.createdWithout)) * 1000) / count;
  process.stdout.write(
    `${count} running pods, medians of ${runs}: ${before.toFixed(1)} s without the webhook, ${after.toFixed(1)} s with it (${(((after - before) / before) * 100).toFixed(1)} %); creating one takes ${each.toFixed(1)} ms longer\n`,
  );
} finally {
  await cluster.delete(resources.validatingWebhooks, name);
  await cluster.delete(resources.namespaces, name);
  agent?.kill();
  await http.close();
  await cluster.close();
  rmSync(work, { recursive: true, force: true });
}
process.exit(0);
