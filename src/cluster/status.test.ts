// A status of clusters in memory with images of a real registry and advisories of a real database.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fixedClock, systemClock } from '../core/index.ts';
import { NetFault } from '../net/index.ts';
import { databaseOf } from '../testing/advisories.ts';
import { testRecord } from '../testing/feeds.ts';
import { makeImage } from '../testing/images.ts';
import { createMemoryCluster } from '../testing/memorycluster.ts';
import { nodeOf, podOf } from '../testing/pods.ts';
import { newKey, openYard, policyWith, type Yard } from '../testing/yard.ts';
import { type Cluster, KubeFault, type KubeObject, resources } from './kube/index.ts';
import { clusterStatus } from './status.ts';
import type { StatusOptions } from './statusanswer.ts';
import { reachOf } from './statusreach.ts';
import { formatStatus } from './statustable.ts';
import { workloadKinds } from './workload/index.ts';

const flaw = (id: string, name: string, more: object = {}) =>
  testRecord(id, 'npm', name, '2.0.0', {
    aliases: [id.replace('GHSA', 'CVE-2024').replace('x-', '000')],
    database_specific: { severity: 'HIGH' },
    ...more,
  });

const packageOf = (name: string, version = '1.0.0') => ({
  path: `srv/node_modules/${name}/package.json`,
  data: JSON.stringify({ name, version }),
});

async function clusterOf(pods: readonly KubeObject[], more: readonly KubeObject[] = []): Promise<Cluster> {
  const cluster = createMemoryCluster();
  await cluster.create(resources.nodes, nodeOf('node1'));
  await cluster.create(resources.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'seaworthy.dev/enforce': 'true', tier: 'gold' } },
  });
  for (const pod of pods) await cluster.create(workloadKinds.Pod, pod);
  for (const object of more)
    await cluster.create(object.kind === 'ImagePolicy' ? resources.imagePolicies : resources.secrets, object);
  return cluster;
}

function asking(
  yard: Yard,
  cluster: Cluster | readonly StatusOptions['clusters'][number][],
  more: Partial<StatusOptions> = {},
) {
  return clusterStatus({
    clusters: Array.isArray(cluster) ? cluster : [{ context: 'one', open: async () => cluster as Cluster }],
    home: yard.home,
    http: yard.http,
    env: { HOME: '/nowhere', DOCKER_HOST: 'tcp://127.0.0.1:9' },
    clock: systemClock,
    database: undefined,
    maxDatabaseAge: 1e6,
    ...more,
  });
}

async function appIn(context: TestContext, options?: Parameters<typeof openYard>[1]) {
  const yard = await openYard(context, options);
  const image = await yard.push('team/app', [makeImage({ layers: [[packageOf('x')], [packageOf('y')]] })]);
  const name = `${yard.host}/team/app`;
  const pod = (own: string, more: Parameters<typeof podOf>[1] = {}) =>
    podOf(own, { containers: [{ image: `${name}:v1`, imageID: `${name}@${image.digest}` }], ...more });
  return { yard, image, name, pod };
}

const blobs = ({ requests }: Yard) => requests.filter((request) => request.includes('/blobs/'));

test('each image is read once, whatever number of pods have it; the next look reads nothing at all', async (context) => {
  const { yard, pod } = await appIn(context);
  const database = await databaseOf(context, { npm: [flaw('GHSA-x-1', 'x')] });
  const cluster = await clusterOf(Array.from({ length: 50 }, (_, at) => pod(`web-${at}`)));
  yard.requests.length = 0;
  const clock = fixedClock('2026-03-01T00:00:00Z');
  const first = await asking(yard, cluster, { database, clock });
  assert.equal(first.contexts[0]!.running.length, 50);
  assert.equal(first.contexts[0]!.pods, 50);
  assert.deepEqual(
    first.images.map(({ packages, findings }) => [packages, findings.map(({ id }) => id)]),
    [[2, ['CVE-2024-0001']]],
  );
  assert.equal(blobs(yard).length, 3, 'the config and two layers');
  yard.requests.length = 0;
  const second = await asking(yard, cluster, { database, clock });
  assert.deepEqual(yard.requests, []);
  assert.deepEqual(second.images, first.images);
});

test('a new advisory lists the running containers that it touches, with no registry to ask', async (context) => {
  const { yard, pod } = await appIn(context);
  const cluster = await clusterOf([pod('web')]);
  const before = await databaseOf(context, { npm: [flaw('GHSA-x-1', 'x')] });
  const look = await asking(yard, cluster, { database: before, judging: false });
  const none = reachOf('CVE-2024-0002', look, before);
  assert.deepEqual([none.reached.length, none.isKnown], [0, false], 'no advisory names it yet');
  yard.meddle((_request, reply) => reply.code(503).send());
  const after = await databaseOf(context, { npm: [flaw('GHSA-x-1', 'x'), flaw('GHSA-x-2', 'y')] });
  const status = await asking(yard, cluster, { database: after, judging: false });
  for (const id of ['CVE-2024-0002', 'cve-2024-0002', 'GHSA-x-2', 'ghsa-X-2']) {
    const { reached, isKnown } = reachOf(id, status, after);
    assert.deepEqual(
      reached.map(({ row, findings }) => [
        row.workload.name,
        findings.map(({ name, version, fixed }) => [name, version, fixed]),
      ]),
      [['web', [['y', '1.0.0', '2.0.0']]]],
      id,
    );
    assert.ok(isKnown);
  }
  const other = await databaseOf(context, { npm: [flaw('GHSA-x-3', 'elsewhere')] });
  const unreached = reachOf(
    'CVE-2024-0003',
    await asking(yard, cluster, { database: other, judging: false }),
    other,
  );
  assert.deepEqual([unreached.reached.length, unreached.isKnown], [0, true]);
});

test('a finding is as old as the first look that had it, and a new look renews nothing', async (context) => {
  const { yard, pod } = await appIn(context);
  const cluster = await clusterOf([pod('web')]);
  const database = await databaseOf(context, { npm: [flaw('GHSA-x-1', 'x')] });
  const since = async (day: string) =>
    (await asking(yard, cluster, { database, clock: fixedClock(`${day}T00:00:00Z`) })).images[0]!.findings[0]!
      .since;
  assert.equal(await since('2026-03-01'), '2026-03-01T00:00:00.000Z');
  assert.equal(await since('2026-03-09'), '2026-03-01T00:00:00.000Z');
});

test('what would be denied says by which rule, since when, and whether it is enforced', async (context) => {
  const { yard, image, pod } = await appIn(context);
  const [build, scanner] = [newKey(), newKey()];
  await yard.sign(image, build);
  const database = await databaseOf(context, { npm: [flaw('GHSA-x-1', 'x')] });
  const policy = await policyWith(
    { build, scanner },
    {
      mutateDigest: true,
      rules: [
        { name: 'signed', signature: { by: ['build'] } },
        {
          name: 'no-high',
          vulnerabilities: { by: ['scanner'], severity: 'high', grace: '7d', maxDatabaseAge: '300d' },
        },
      ],
    },
  );
  const cluster = await clusterOf([pod('web'), pod('api', { namespace: 'other' })]);
  const judged = async (day: string, changed?: string) => {
    const status = await asking(yard, cluster, {
      database,
      clock: fixedClock(`${day}T00:00:00Z`),
      policy: {
        policy,
        from: 'policy.yaml',
        ...(changed === undefined ? {} : { changed: Date.parse(changed) }),
      },
    });
    return status.contexts[0]!.running.map(({ namespace, enforced, verdict }) => ({
      namespace,
      enforced,
      ...verdict!,
    }));
  };
  const missing = await judged('2026-03-01');
  assert.deepEqual(
    missing.map(({ namespace, enforced, decision }) => [namespace, enforced, decision]),
    [
      ['other', false, 'deny'],
      ['shop', true, 'deny'],
    ],
  );
  assert.deepEqual(
    missing[0]!.failing.map(({ rule, by }) => [rule, by]),
    [['no-high', 'evidence']],
  );
  const { scan, result } = await signedScan();
  await yard.attest(image, scanner, 'https://seaworthy.dev/scan-result/v1', scan);
  assert.deepEqual(result, image.digest);
  const young = await judged('2026-03-02');
  assert.deepEqual(
    [young[0]!.decision, young[0]!.grace],
    ['allow', { rule: 'no-high', until: Date.parse('2026-03-08T00:00:00.001Z') }],
  );
  const [old] = await judged('2026-03-10');
  assert.deepEqual(
    [old!.decision, old!.failing[0]!.code, old!.failing[0]!.by, old!.failing[0]!.since],
    ['deny', 'vulnerable', 'advisories', Date.parse('2026-03-08T00:00:00.001Z')],
  );
  const [younger] = await judged('2026-03-10', '2026-03-09T00:00:00Z');
  assert.equal(younger!.failing[0]!.since, Date.parse('2026-03-09T00:00:00Z'), 'the policy is the younger');

  /** A scan that knew no finding yet. */
  async function signedScan() {
    const empty = await databaseOf(context, { npm: [flaw('GHSA-x-9', 'elsewhere')] });
    const { judgeInventory, inspectTarget } = await import('../scan/index.ts');
    const { defaultLimits } = await import('../core/index.ts');
    const inspected = await inspectTarget(`registry:${yard.host}/team/app:v1`, {
      home: yard.home,
      limits: defaultLimits,
      transport: { home: yard.home, http: yard.http },
    });
    const scan = judgeInventory(inspected, {
      clock: fixedClock('2026-03-01T00:00:00Z'),
      database: empty,
      maxDatabaseAge: 1e6,
    });
    return { scan, result: scan.target.digest };
  }
});

test('the cluster’s own policy judges, with labels of the namespace; one that is broken does not count', async (context) => {
  const { yard, image, name, pod } = await appIn(context);
  const build = newKey();
  await yard.sign(image, build);
  const spec = (more: object) => ({
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: {
      name: 'production',
      namespace: 'seaworthy-system',
      creationTimestamp: '2026-03-01T00:00:00Z',
    },
    spec: {
      rules: [{ name: 'gold', labels: { tier: 'gold' }, registries: ['registry.example.com/**'] }],
      ...more,
    },
  });
  const status = await asking(yard, await clusterOf([pod('web')], [spec({})]));
  const [one] = status.contexts;
  assert.deepEqual(
    [one!.policy?.from, one!.policy?.changed],
    ['imagepolicy/production', Date.parse('2026-03-01T00:00:00Z')],
  );
  const { verdict } = one!.running[0]!;
  assert.deepEqual(
    [verdict?.decision, verdict?.failing.map(({ rule, found }) => [rule, found])],
    ['deny', [['gold', name]]],
  );
  const broken = await asking(yard, await clusterOf([pod('web')], [spec({ rulez: [] })]));
  assert.match(broken.contexts[0]!.policyProblem ?? '', /rulez/);
  assert.equal(broken.contexts[0]!.running[0]!.verdict, undefined);
  const fallen = await clusterOf([pod('web')], [spec({ rulez: [] })]);
  await fallen.create(resources.keptPolicies, {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'KeptPolicy',
    metadata: { name: 'production', namespace: 'seaworthy-system' },
    spec: { document: JSON.stringify(spec({})), at: '2026-02-01T00:00:00Z' },
  });
  const [kept] = (await asking(yard, fallen)).contexts;
  assert.deepEqual([kept!.policy?.from, kept!.policyProblem], ['keptpolicy/production', undefined]);
  assert.match(kept!.notes.join(), /the last valid policy stays in force: .*rulez/);
  const two = [spec({}), { ...spec({}), metadata: { name: 'second', namespace: 'seaworthy-system' } }];
  const several = await asking(yard, await clusterOf([pod('web')], two));
  assert.match(several.contexts[0]!.policyProblem ?? '', /production, second/);
  const chosen = await asking(yard, await clusterOf([pod('web')], two), { policyName: 'second' });
  assert.equal(chosen.contexts[0]!.policy?.from, 'imagepolicy/second');
  const installed = await clusterOf([pod('web')], two);
  await installed.create(workloadKinds.Deployment, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'seaworthy-agent', namespace: 'seaworthy-system' },
    spec: {
      template: { spec: { containers: [{ name: 'agent', args: ['agent', '--policy-name', 'second'] }] } },
    },
  });
  assert.equal((await asking(yard, installed)).contexts[0]!.policy?.from, 'imagepolicy/second');
});

test('an image that cannot be read is named, and the others are shown', async (context) => {
  const { yard, pod, name } = await appIn(context);
  const gone = `sha256:${'0'.repeat(64)}`;
  const pods = [
    pod('web'),
    podOf('gone', { containers: [{ image: `${name}:v0`, imageID: `${name}@${gone}` }] }),
    podOf('odd', { containers: [{ image: 'no image:1', imageID: gone }] }),
    podOf('away', { containers: [{ image: '127.0.0.1:9/app:1', imageID: `127.0.0.1:9/app@${gone}` }] }),
  ];
  const build = newKey();
  const policy = await policyWith(
    { build },
    { mutateDigest: false, rules: [{ name: 'signed', digest: 'required' }] },
  );
  const status = await asking(yard, await clusterOf(pods), { policy: { policy, from: 'policy.yaml' } });
  const codes = status.images.map(({ problem }) => problem?.code ?? '');
  assert.deepEqual(codes.sort(), ['', 'connect-failed', 'image-not-found', 'reference-invalid']);
  const verdicts = status.contexts[0]!.running.map(
    ({ workload, verdict }) => `${workload.name} ${verdict?.decision}`,
  );
  assert.deepEqual(verdicts, ['away undecided', 'gone undecided', 'odd undecided', 'web deny']);
  assert.match(formatStatus(status, { columns: 100, colour: false }), /127\.0\.0\.1:9\/app@sha256:0000/);
});

test('what cannot be read is refused all the same where its name alone decides', async (context) => {
  const { yard } = await appIn(context);
  const away = '127.0.0.1:9/app';
  const pod = podOf('away', {
    containers: [{ image: `${away}:1`, imageID: `${away}@sha256:${'0'.repeat(64)}` }],
  });
  const policy = await policyWith({}, { rules: [{ name: 'ours', registries: [`${yard.host}/**`] }] });
  const status = await asking(yard, await clusterOf([pod]), { policy: { policy, from: 'policy.yaml' } });
  const { verdict } = status.contexts[0]!.running[0]!;
  assert.deepEqual([verdict?.decision, verdict?.failing[0]?.code], ['deny', 'registry-refused']);
  assert.equal(status.images[0]!.problem?.code, 'connect-failed');
});

test('a registry that is away is asked a few times, not once for each image', async (context) => {
  const { yard } = await appIn(context);
  const pods = Array.from({ length: 50 }, (_, at) => {
    const digest = `sha256:${at.toString(16).padStart(64, '0')}`;
    return podOf(`p${at}`, {
      containers: [{ image: `registry.test/app${at}:1`, imageID: `registry.test/app${at}@${digest}` }],
    });
  });
  let asked = 0;
  const http = {
    close: async () => {},
    request: () => {
      asked++;
      return Promise.reject(new NetFault('connect-failed', 'nobody is there'));
    },
  };
  const build = newKey();
  const policy = await policyWith({ build }, { rules: [{ name: 'signed', signature: { by: ['build'] } }] });
  const status = await asking(yard, await clusterOf(pods), { http, policy: { policy, from: 'policy.yaml' } });
  assert.ok(status.images.every(({ problem }) => problem?.code === 'connect-failed'));
  assert.ok(status.contexts[0]!.running.every(({ verdict }) => verdict?.problem?.code === 'connect-failed'));
  assert.ok(asked <= 4, `${asked} requests`);
});

test('a name that the node has the image under is asked when the pod’s own has it no more', async (context) => {
  const { yard, image, name } = await appIn(context);
  const moved = podOf('moved', {
    containers: [{ image: `${yard.host}/other/app:v1`, imageID: `${name}@${image.digest}` }],
  });
  const status = await asking(yard, await clusterOf([moved]));
  assert.deepEqual(
    status.images.map(({ reference, packages }) => [reference, packages]),
    [[`${name}@${image.digest}`, 2]],
  );
});

test('an image that is known by its id only is proven by its config, or its digest stays unknown', async (context) => {
  const { yard, image, name } = await appIn(context);
  assert.ok(image.manifest.kind === 'manifest');
  const of = (id: string) => podOf('local', { containers: [{ image: `${name}:v1`, imageID: id }] });
  const codes = async (id: string) =>
    (await asking(yard, await clusterOf([of(id)]))).images[0]!.undecided.map(({ code }) => code).filter(
      (code) => code === 'running-digest-unknown',
    );
  assert.deepEqual(await codes(image.manifest.config.digest), []);
  assert.deepEqual(await codes(`sha256:${'1'.repeat(64)}`), ['running-digest-unknown']);
});

test('a context that does not answer is named, and the others are shown', async (context) => {
  const { yard, pod } = await appIn(context);
  const cluster = await clusterOf([pod('web')]);
  const away = () => Promise.reject(new KubeFault('api-server-failed', 'the API server is away'));
  const status = await asking(yard, [
    { context: 'one', open: async () => cluster },
    { context: 'two', open: away },
    { context: 'three', open: async () => ({ ...cluster, list: away }) as Cluster },
  ]);
  assert.deepEqual(
    status.contexts.map(({ context: name, problem, running }) => [name, problem?.code, running.length]),
    [
      ['one', undefined, 1],
      ['two', 'api-server-failed', 0],
      ['three', 'api-server-failed', 0],
    ],
  );
  assert.equal(status.images.length, 1);
});

test('what may not be listed beside the pods is a note', async (context) => {
  const { yard, pod } = await appIn(context);
  const cluster = await clusterOf([pod('web')]);
  const narrow: Cluster = {
    ...cluster,
    list: (resource, options) =>
      resource.plural === 'pods'
        ? cluster.list(resource, options)
        : Promise.reject(new KubeFault('forbidden', 'not yours')),
  };
  const [status] = (await asking(yard, narrow)).contexts;
  assert.equal(status!.problem?.code, 'forbidden', 'policies that may not be read are no absent policies');
  const [found] = (await asking(yard, narrow, { judging: false })).contexts;
  assert.equal(found!.running.length, 1);
  assert.equal(found!.notes.length, 5);
});

test('image pull secrets are used where they are asked for, and only then', async (context) => {
  const { yard, pod } = await appIn(context);
  const secret = Buffer.from(
    JSON.stringify({ auths: { [yard.host]: { username: 'pull', password: 'secret' } } }),
  );
  const cluster = await clusterOf(
    [pod('web', { spec: { imagePullSecrets: [{ name: 'pull' }] } })],
    [
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'pull', namespace: 'shop' },
        type: 'kubernetes.io/dockerconfigjson',
        data: { '.dockerconfigjson': secret.toString('base64') },
      },
    ],
  );
  const wanted = `Basic ${Buffer.from('pull:secret').toString('base64')}`;
  yard.meddle((request, reply) =>
    request.headers.authorization === wanted
      ? undefined
      : reply.code(401).header('www-authenticate', 'Basic realm="x"').send(),
  );
  assert.equal((await asking(yard, cluster)).images[0]!.problem?.code, 'auth-required');
  assert.equal((await asking(yard, cluster, { pullSecrets: true })).images[0]!.problem, undefined);
});

test('of an image for several platforms the node’s is judged', async (context) => {
  const yard = await openYard(context);
  const of = (architecture: string, name: string) =>
    makeImage({ platform: { os: 'linux', architecture }, layers: [[packageOf(name)]] });
  const index = await yard.push('team/app', [of('amd64', 'x'), of('arm64', 'y')]);
  const name = `${yard.host}/team/app`;
  const cluster = createMemoryCluster();
  for (const [node, architecture] of [
    ['node1', 'amd64'],
    ['node2', 'arm64'],
  ] as const) {
    await cluster.create(resources.nodes, nodeOf(node, architecture));
    await cluster.create(
      workloadKinds.Pod,
      podOf(node, { node, containers: [{ image: `${name}:v1`, imageID: `${name}@${index.digest}` }] }),
    );
  }
  const database = await databaseOf(context, { npm: [flaw('GHSA-x-1', 'x'), flaw('GHSA-x-2', 'y')] });
  const status = await asking(yard, cluster, { database });
  assert.deepEqual(
    status.images.map(({ platform, findings, digest }) => [
      platform,
      findings.map(({ name: own }) => own),
      digest,
    ]),
    [
      ['linux/amd64', ['x'], index.digest],
      ['linux/arm64', ['y'], index.digest],
    ],
  );
});
