// The shop that the admission suite guards: registries, keys, signed and unsigned images, a policy, the agent installed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seaworthy, updatedDatabase } from '../interop/seaworthy.ts';
import { agentAnswers, done, field, install, must, uninstall } from './agent.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import { nodeAddress, registryPrefix, startTlsRegistry, type TestRegistry } from './place.ts';

process.env['SEAWORTHY_PASSWORD'] = 'secret';
export const work = mkdtempSync(join(tmpdir(), 'seaworthy-admission-'));
export const path = (name: string) => join(work, name);
export const home = path('home');
export const shop = 'e2e-shop';
export const open = 'e2e-open';
export const system = 'seaworthy-system';
export const prefix = `${registryPrefix()}/admission`;
export let other: TestRegistry;
export let locked: TestRegistry;
export const login = { username: 'puller', password: randomBytes(12).toString('hex') };
export const digests: Record<string, string> = {};

export const rules = (more: Record<string, unknown>[] = []) => [
  { name: 'signed', signature: { by: ['release'] } },
  {
    name: 'no-high',
    images: [`${prefix}/zlib`],
    vulnerabilities: { by: ['scanner'], severity: 'low', fixable: true, maxDatabaseAge: '3650d' },
  },
  ...more,
];

export function policy(
  more: { rules?: Record<string, unknown>[]; [key: string]: unknown } = {},
): Record<string, unknown> {
  const key = (name: string) => ({
    name,
    key: { keys: [{ pem: readFileSync(path(`${name}.pub`), 'utf8') }] },
  });
  return {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'default', namespace: system },
    spec: {
      registries: [`${prefix}/**`, ...[5444, 5445, 5446, 5447].map((port) => `${nodeAddress()}:${port}/**`)],
      authorities: [key('release'), key('scanner')],
      rules: rules(),
      ...more,
    },
  };
}

/** Applies a policy and waits until the agent says that it is the one in force. */
export async function inForce(document: Record<string, unknown>): Promise<void> {
  const text = done(['apply', '-f', '-'], document);
  assert.match(text, /imagepolicy/);
  const generation = field(['-n', system, 'get', 'imagepolicy', 'default'], '.metadata.generation');
  await eventually('the policy is in force', () => {
    const answer = kubectl([
      '-n',
      system,
      'get',
      'imagepolicy',
      'default',
      '-o',
      'jsonpath={.status.conditions[0].observedGeneration}={.status.conditions[0].status}',
    ]);
    return answer.text.trim() === `${generation}=True`;
  });
}

export function pod(
  name: string,
  image: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: shop },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }], ...more },
  };
}

export function template(image: string) {
  return {
    metadata: { labels: { app: 'x' } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }] },
  };
}

export function deployment(name: string, image: string, namespace = shop): Record<string, unknown> {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: labels }, template: { ...template(image), metadata: { labels } } },
  };
}

export function cronJob(name: string, image: string): Record<string, unknown> {
  const spec = template(image);
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace: shop },
    spec: {
      schedule: '0 0 1 1 *',
      jobTemplate: { spec: { template: { ...spec, spec: { ...spec.spec, restartPolicy: 'Never' } } } },
    },
  };
}

export async function runs(namespace: string, selector: string): Promise<void> {
  await eventually(`a pod runs: ${selector}`, () =>
    kubectl([
      '-n',
      namespace,
      'get',
      'pods',
      '-l',
      selector,
      '-o',
      'jsonpath={.items[*].status.phase}',
    ]).text.includes('Running'),
  );
}

/** One that is there to stay. */
export function agentPod(): string {
  const { items } = JSON.parse(
    done(['-n', system, 'get', 'pods', '-l', 'app.kubernetes.io/component=agent', '-o', 'json']),
  ) as { items: { metadata: { name: string; deletionTimestamp?: string } }[] };
  const pod = items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod === undefined) throw new Error('expected a pod of the agent, got none');
  return pod.metadata.name;
}

export async function agentReady(): Promise<void> {
  await eventually(
    'the agent is ready',
    () => kubectl(['-n', system, 'rollout', 'status', 'deployment/seaworthy-agent', '--timeout=60s']).ok,
  );
  await agentAnswers(shop);
}

/** One, and those before it have answered their last. */
export async function agentAlone(): Promise<void> {
  await agentReady();
  const args = ['-n', system, 'get', 'pods', '-l', 'app.kubernetes.io/component=agent', '-o', 'name'];
  await eventually('one agent is there', () => done(args).trim().split('\n').length === 1);
}

export async function openShop(): Promise<void> {
  other = await startTlsRegistry(path('other'), 5444);
  locked = await startTlsRegistry(path('locked'), 5445, { login });
  for (const name of ['release', 'scanner', 'stranger'])
    must(home, 0, 'keys', 'generate', '--output-prefix', path(name));
  const push = (name: string, tag: string, mark: string, more = {}) =>
    pushApp(`${prefix}/${name}:${tag}`, { mark, ...more }, work);
  digests['good'] = push('good', '1', 'good');
  digests['unsigned'] = push('unsigned', '1', 'unsigned');
  digests['stranger'] = push('stranger', '1', 'stranger');
  digests['zlib'] = push('zlib', '1', 'zlib', { zlib: '1:1.2.11.dfsg-1' });
  const sign = (name: string, by = 'release') =>
    must(home, 0, 'sign', `${prefix}/${name}:1`, '--key', path(`${by}.key`));
  sign('good');
  sign('stranger', 'stranger');
  sign('zlib');
  updatedDatabase();
  const scanned = seaworthy(
    'scan',
    `${prefix}/zlib:1`,
    '--attest',
    '--key',
    path('scanner.key'),
    '--max-db-age',
    '3650',
  );
  assert.equal(scanned.code, 0, scanned.stderr);
  for (const name of [shop, open]) kubectl(['create', 'namespace', name]);
  writeFileSync(path('policy.yaml'), JSON.stringify(policy()));
  install(home, path('policy.yaml'), '--mutate', '--pull-secrets', shop);
  const enforced = must(home, 0, 'cluster', 'enforce', shop, '--yes');
  assert.match(enforced.stdout, /enforces/);
  await agentReady();
}

export async function closeShop(): Promise<void> {
  for (const name of [shop, open, 'aks-command']) kubectl(['delete', 'namespace', name, '--wait=false']);
  uninstall(home);
  await other.stop();
  await locked.stop();
  rmSync(work, { recursive: true, force: true });
}
