// Install, preview, enforce and uninstall as a user does them; what the image is; what holds while the agent is away.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { agentAnswers, command, done, field, install, must, refused, uninstall } from './agent.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import { registryPrefix } from './place.ts';

const root = new URL('..', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'seaworthy-install-'));
const home = join(work, 'home');
const policyFile = join(work, 'policy.yaml');
const prefix = `${registryPrefix()}/install`;
const shop = 'install-shop';
const open = 'install-open';
const rescue = 'aks-command';
const system = 'seaworthy-system';
const agent = `system:serviceaccount:${system}:seaworthy-agent`;
let good = '';
let foreign = '';

function pod(name: string, namespace: string, image: string) {
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec };
}

const dry = (image: string, namespace = shop) =>
  kubectl(['create', '--dry-run=server', '-f', '-'], pod('probe', namespace, image));

/** Every object of the cluster that is ours by its name or its place, and every kind of our group. */
function ours(): string[] {
  const kinds = done(['api-resources', '--verbs=list', '-o', 'name']).trim().split('\n');
  const found = kinds.filter((kind) => kind.endsWith('.seaworthy.dev'));
  const listed = done([
    'get',
    kinds.filter((kind) => !/^events/.test(kind)).join(','),
    '-A',
    '--no-headers',
    '--ignore-not-found',
    '-o',
    'custom-columns=KIND:.kind,NS:.metadata.namespace,NAME:.metadata.name,LABELS:.metadata.labels',
  ]);
  return [...found, ...listed.split('\n').filter((line) => line.includes('seaworthy'))];
}

describe('the image', () => {
  it('is the same one, bit by bit, whoever builds it', () => {
    // Of the last commit, since people work on the checkout meanwhile.
    const tree = join(work, 'tree');
    execFileSync('sh', ['-c', `mkdir ${tree} && git archive HEAD | tar -x -C ${tree}`], { cwd: root });
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
    const build = (name: string, shell: string) => {
      const args = `node deploy/image/build.ts --tag ${prefix}/seaworthy:test --revision r --work ${join(work, name)}`;
      return execFileSync('sh', ['-c', `${shell} ${args}`], {
        cwd: tree,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    };
    const one = build('one', 'SOURCE_DATE_EPOCH=1700000000');
    const two = build('two', 'umask 077; TZ=Asia/Tokyo LC_ALL=C SOURCE_DATE_EPOCH=1700000000');
    assert.match(one, /@sha256:[a-f0-9]{64}$/);
    assert.equal(two, one);
  });

  it('runs as nobody in particular, and says its Debian packages to a scan', () => {
    const layout = join(work, 'one', 'layout');
    const config = JSON.parse(
      execFileSync('skopeo', ['inspect', '--config', `oci:${layout}:image`], { encoding: 'utf8' }),
    ) as { config: { User: string; Entrypoint: string[] } };
    assert.equal(config.config.User, '65532:65532');
    const { stdout } = command(home, 'sbom', layout, '--format', 'cyclonedx');
    const names = (JSON.parse(stdout) as { components: { purl?: string }[] }).components
      .map(({ purl }) => /pkg:deb\/debian\/([^@]+)/.exec(purl ?? '')?.[1])
      .filter(Boolean);
    assert.deepEqual(
      names.sort(),
      [
        'base-files',
        'ca-certificates',
        'gcc-12-base',
        'libatomic1',
        'libc6',
        'libgcc-s1',
        'libstdc%2B%2B6',
        'netbase',
      ].sort(),
    );
  });
});

describe('install, enforce, uninstall', () => {
  before(() => {
    const policy = {
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'shop' },
      spec: {
        registries: [`${prefix}/good/**`],
        rules: [{ name: 'ours', registries: [`${prefix}/good/**`] }],
      },
    };
    writeFileSync(policyFile, JSON.stringify(policy));
    good = `${prefix}/good/app@${pushApp(`${prefix}/good/app:1`, { mark: 'good' }, work)}`;
    foreign = `${prefix}/foreign/app@${pushApp(`${prefix}/foreign/app:1`, { mark: 'foreign' }, work)}`;
    uninstall(home);
    for (const name of [shop, open, rescue]) kubectl(['create', 'namespace', name]);
    for (const name of [shop, open, rescue])
      for (let tries = 0; tries < 50 && !kubectl(['get', 'sa', 'default', '-n', name]).ok; tries++);
  });
  after(() => {
    uninstall(home);
    for (const name of [shop, open, rescue]) kubectl(['delete', 'namespace', name, '--wait=false']);
    rmSync(work, { recursive: true, force: true });
  });

  it('before and after there is nothing of ours', () => {
    assert.deepEqual(
      ours().filter((line) => !line.includes('rollout')),
      [],
    );
    const { code, stdout, stderr } = command(home, 'cluster', 'uninstall');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /Nothing of Seaworthy was in/);
  });

  it('installs, audits, and says what comes next', async () => {
    install(home, policyFile);
    const pods = ['-n', system, 'get', 'pods', '-l', 'app.kubernetes.io/component=agent'];
    assert.equal(field(pods, '.items[0].status.containerStatuses[0].ready'), 'true');
    assert.equal(
      field(['get', 'ns', system], ".metadata.labels['pod-security\\.kubernetes\\.io/enforce']"),
      'restricted',
    );
    assert.ok(dry(foreign).ok, 'nothing is refused yet');
    const again = must(
      home,
      0,
      'cluster',
      'install',
      '--image',
      process.env['E2E_AGENT_IMAGE']!,
      '--policy',
      policyFile,
      '--registry-ca',
      process.env['E2E_REGISTRY_CA'] ?? join(process.env['HOME'] ?? '/root', '.cache/seaworthy-e2e/ca.crt'),
    );
    assert.match(again.stdout, /It audits: nothing is refused until a namespace enforces/);
    await eventually(
      'the namespace that was asked in is gone',
      () => !done(['get', 'ns']).includes('seaworthy-probe'),
    );
  });

  it('gives the agent no right that it does not need', () => {
    const can = (...words: string[]) =>
      /^(?:yes|no)$/m.exec(kubectl(['auth', 'can-i', ...words, '--as', agent]).text)?.[0];
    for (const words of [
      ['get', 'secret/seaworthy-agent-tls', '-n', system],
      ['list', 'pods', '-A'],
      ['patch', 'validatingwebhookconfigurations/seaworthy-agent'],
      ['patch', 'validatingadmissionpolicies/seaworthy-agent-floor'],
      ['create', 'imageverdicts.seaworthy.dev', '-n', system],
    ])
      assert.equal(can(...words), 'yes', words.join(' '));
    for (const words of [
      ['get', 'secrets', '-n', shop],
      ['get', 'secret/other', '-n', system],
      ['list', 'secrets', '-A'],
      ['patch', 'validatingwebhookconfigurations/other'],
      ['delete', 'validatingadmissionpolicies/seaworthy-guard-enforce'],
      ['patch', 'validatingadmissionpolicies/seaworthy-guard-enforce'],
      ['create', 'pods', '-n', shop],
      ['patch', 'deployments', '-n', shop],
      ['patch', 'namespaces/install-shop'],
      ['update', 'imagepolicies.seaworthy.dev', '-n', system],
      ['create', 'pods/exec', '-n', shop],
      ['update', 'namespaces/install-shop', '--subresource=enforce'],
    ])
      assert.equal(can(...words), 'no', words.join(' '));
  });

  it('keeps its certificates in webhook configurations whose selectors the platform rewrites, and the selectors as they are', async () => {
    const webhooks = ['validatingwebhookconfiguration', 'seaworthy-agent'];
    const selector = '.webhooks[0].namespaceSelector.matchExpressions';
    // What AKS's admissions enforcer adds.
    const added = [
      {
        op: 'add',
        path: '/webhooks/0/namespaceSelector/matchExpressions/-',
        value: { key: 'control-plane', operator: 'DoesNotExist' },
      },
      { op: 'replace', path: '/webhooks/0/clientConfig/caBundle', value: '' },
    ];
    done(['patch', ...webhooks, '--type=json', '-p', JSON.stringify(added)]);
    await eventually(
      'the bundle is back',
      () => field(['get', ...webhooks], '.webhooks[0].clientConfig.caBundle') !== '',
    );
    assert.match(field(['get', ...webhooks], selector), /control-plane/);
    const bundle = field(['get', ...webhooks], '.webhooks[0].clientConfig.caBundle');
    done(['delete', 'secret', 'seaworthy-agent-tls', '-n', system]);
    await eventually(
      'another authority is published',
      () => field(['get', ...webhooks], '.webhooks[0].clientConfig.caBundle') !== bundle,
    );
    assert.match(field(['get', ...webhooks], selector), /control-plane/);
  });

  it('never lets a namespace enforce that keeps the cluster alive or is the way in', () => {
    for (const name of ['kube-system', system, rescue]) {
      const { code, stderr } = command(home, 'cluster', 'enforce', name, '--yes');
      assert.equal(code, 2);
      assert.match(stderr, /namespace-protected/);
    }
    assert.match(command(home, 'cluster', 'enforce', 'no-such', '--yes').stderr, /namespace-unknown/);
  });

  it('shows what a namespace would refuse before it does', async () => {
    done(['create', '-f', '-'], pod('foreign', shop, foreign));
    done(['wait', '--for=condition=Ready', 'pod/foreign', '-n', shop, '--timeout=60s']);
    const preview = command(home, 'cluster', 'enforce', shop, '--preview-only');
    assert.equal(preview.code, 1, preview.stderr);
    assert.match(preview.stdout, /foreign/);
    assert.match(preview.stdout, /spec\.registries|ours/);
    assert.equal(field(['get', 'ns', shop], '.metadata.labels.seaworthy\\.dev/enforce'), '');
    const nobody = command(home, 'cluster', 'enforce', shop);
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /--yes/);
    const { stdout } = must(home, 0, 'cluster', 'enforce', shop, '--yes');
    assert.match(stdout, /install-shop enforces/);
    await agentAnswers(shop);
    assert.equal(
      field(['get', 'pod', 'foreign', '-n', shop], '.status.phase'),
      'Running',
      'what runs goes on running',
    );
    assert.match(
      refused(['create', '--dry-run=server', '-f', '-'], pod('probe', shop, foreign)),
      /spec\.registries/,
    );
    assert.ok(dry(good).ok);
    assert.ok(dry(foreign, open).ok, 'other namespaces audit');
  });

  it('while the agent is away the floor refuses, the cluster works, and the agent comes back', async () => {
    await eventually(
      'the floor is there',
      () => kubectl(['get', 'validatingadmissionpolicy', 'seaworthy-agent-floor']).ok,
    );
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=0']);
    await eventually(
      'the agent is gone',
      () =>
        kubectl([
          '-n',
          system,
          'get',
          'pods',
          '-l',
          'app.kubernetes.io/component=agent',
          '-o',
          'name',
        ]).text.trim() === '',
    );
    const text = refused(['create', '--dry-run=server', '-f', '-'], pod('probe', shop, foreign));
    assert.match(text, /seaworthy-agent-floor.*rule spec\.registries of the policy default/);
    await eventually('what only the agent can allow is refused', () =>
      dry(good).text.includes('failed calling webhook'),
    );
    assert.ok(dry(foreign, open).ok, 'elsewhere everything goes on');
    assert.ok(dry('mcr.microsoft.com/aks/command/runtime:1', rescue).ok, 'the way in by az aks command');
    assert.ok(dry('registry.k8s.io/pause:3.9', 'kube-system').ok, 'the cluster’s own');
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=1']);
    done(['-n', system, 'rollout', 'status', 'deployment/seaworthy-agent', '--timeout=120s']);
    await eventually('the good image is allowed again', () => dry(good).ok);
  });

  it('a namespace that enforced no longer does after --off', () => {
    must(home, 0, 'cluster', 'enforce', shop, '--off');
    assert.ok(dry(foreign).ok);
    must(home, 0, 'cluster', 'enforce', shop, '--yes');
  });

  it('uninstall leaves nothing behind, and nothing is refused any more', async () => {
    const { stdout } = must(home, 0, 'cluster', 'uninstall');
    assert.match(stdout, /Removed from .*\nNo longer enforcing: install-shop\n$/);
    assert.deepEqual(
      ours().filter((line) => !line.includes('rollout')),
      [],
    );
    await eventually('what was refused is created', () => dry(foreign).ok);
  });
});
