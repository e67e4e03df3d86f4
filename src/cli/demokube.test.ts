import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type KubeObject, resources, type WriteOptions } from '../cluster/kube/index.ts';
import { type Resource, workloadKinds } from '../cluster/workload/index.ts';
import { createMemoryCluster } from '../testing/memorycluster.ts';
import { openDemoCluster } from './demokube.ts';
import { demoNamespace, demoPlace } from './demoplace.ts';
import { waitingProgram } from './demoprogram.ts';
import { writeDemo } from './demowrite.ts';

const { signal } = new AbortController();
const quick = { signal, patience: 40, pause: 1 };

/** A cluster in memory with a node, whose controllers make a pod of each deployment. */
async function cluster(
  arch = 'amd64',
  podStatus: object = { conditions: [{ type: 'Ready', status: 'True' }] },
) {
  const memory = createMemoryCluster();
  const said: string[] = [];
  const node = { apiVersion: 'v1', kind: 'Node' };
  await memory.create(resources.nodes, {
    ...node,
    metadata: { name: 'n', labels: { 'kubernetes.io/arch': arch } },
  });
  const apply = async (resource: Resource, object: KubeObject, options: WriteOptions = {}) => {
    const { name } = object.metadata;
    said.push(`${options.dryRun === true ? 'try' : 'apply'} ${name}`);
    if (options.dryRun === true) return object;
    const { template } = object['spec'] as { template: { metadata: object; spec: object } };
    const metadata = { ...template.metadata, name: `${name}-1`, namespace: demoNamespace };
    await memory.create(workloadKinds.Pod, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: template.spec,
      status: podStatus,
    });
    return memory.apply(resource, object);
  };
  return { memory, said, cluster: { ...memory, apply } };
}

async function manifests(t: { after(work: () => void): void }): Promise<KubeObject[]> {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-demokube-'));
  t.after(() => rmSync(dir, { recursive: true }));
  await writeDemo(dir, demoPlace({ context: 'prod' }));
  return ['shop', 'web'].map((name) => parse(readFileSync(join(dir, `${name}.yaml`), 'utf8')) as KubeObject);
}

test('deployments are tried before one is made, run in a namespace of their own, and go with it', async (t) => {
  const { memory, said, cluster: kube } = await cluster();
  const demo = await openDemoCluster(kube, quick);
  await demo.deploy(await manifests(t));
  assert.deepEqual(said, ['try shop', 'try web', 'apply shop', 'apply web']);
  const [image] = await demo.running('shop');
  assert.match(image ?? '', /^127\.0\.0\.1:5020\/team\/shop:1@sha256:[0-9a-f]{64}$/);
  assert.deepEqual(await demo.running('none'), []);
  await demo.close();
  assert.equal(await memory.get(resources.namespaces, demoNamespace), undefined);
});

test('a namespace that is there already is left alone', async () => {
  const { memory, cluster: kube } = await cluster();
  const metadata = { name: demoNamespace };
  await memory.create(resources.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
  await assert.rejects(openDemoCluster(kube, quick), {
    code: 'demo-failed',
    hint: /delete namespace seaworthy-demo/,
  });
  assert.notEqual(await memory.get(resources.namespaces, demoNamespace), undefined);
});

test('a cluster that cannot run the images is told before anything is made; pods that do not start say why', async (t) => {
  const arm = await cluster('arm64');
  await assert.rejects(openDemoCluster(arm.cluster, quick), { message: /a node for linux\/amd64/ });
  assert.equal(await arm.memory.get(resources.namespaces, demoNamespace), undefined);
  const waiting = { waiting: { reason: 'ImagePullBackOff', message: 'connection refused' } };
  const away = await cluster('amd64', { containerStatuses: [{ state: waiting }] });
  const demo = await openDemoCluster(away.cluster, quick);
  await assert.rejects(demo.deploy(await manifests(t)), {
    message: /a pod of shop to become ready, got ImagePullBackOff: connection refused/,
  });
});

test('a registry that others reach wants a certificate; its options are said again with whole paths', () => {
  const own = demoPlace({});
  assert.deepEqual(
    [own.registry, own.isOpen, own.flags, own.cluster],
    ['127.0.0.1:5020', false, '', undefined],
  );
  const open = demoPlace({
    context: 'prod',
    kubeconfig: 'k',
    registry: '192.0.2.7:5020',
    tlsCert: 'a.crt',
    tlsKey: 'a.key',
  });
  const cluster = ` --context prod --kubeconfig ${resolve('k')}`;
  assert.equal(open.isOpen, true);
  assert.equal(open.clusterFlags, cluster);
  assert.equal(
    open.flags,
    ` --registry 192.0.2.7:5020 --tls-cert ${resolve('a.crt')} --tls-key ${resolve('a.key')}${cluster}`,
  );
  for (const options of [
    { registry: '192.0.2.7:5020' },
    { registry: 'https://r' },
    { tlsCert: 'a' },
    { kubeconfig: 'k' },
    { context: 'a b' },
  ])
    assert.throws(() => demoPlace(options), { code: 'option-invalid' }, JSON.stringify(options));
});

test('the program of the images is one that the kernel starts, and it waits', {
  skip: process.arch !== 'x64' || process.platform !== 'linux',
}, async (t) => {
  const { chmodSync, writeFileSync } = await import('node:fs');
  const { spawn } = await import('node:child_process');
  const { once } = await import('node:events');
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-program-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'wait'), waitingProgram());
  chmodSync(join(dir, 'wait'), 0o755);
  const child = spawn(join(dir, 'wait'));
  await once(child, 'spawn');
  // it is in the system call that waits
  while (
    !/^34 |^running/.test(readFileSync(`/proc/${child.pid}/syscall`, 'utf8')) &&
    child.exitCode === null
  );
  child.kill('SIGTERM');
  const [code, by] = (await once(child, 'exit')) as [number | null, string | null];
  assert.deepEqual([code, by], [null, 'SIGTERM']);
});
