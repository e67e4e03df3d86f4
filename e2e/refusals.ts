// Every image that may not run is refused for its own reason, the good one runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, field, must, refused } from './agent.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import {
  cronJob,
  deployment,
  digests,
  home,
  inForce,
  open,
  path,
  pod,
  policy,
  prefix,
  runs,
  shop,
  system,
  template,
  work,
} from './shop.ts';

export function refusals(): void {
  test('the good image runs, and the pod has the digest that its tag stood for', async () => {
    done(['apply', '-f', '-'], deployment('good', `${prefix}/good:1`));
    await runs(shop, 'app=good');
    const image = field(['-n', shop, 'get', 'pods', '-l', 'app=good'], '.items[0].spec.containers[0].image');
    assert.equal(image, `${prefix}/good:1@${digests['good']}`);
    const kept = field(['-n', shop, 'get', 'deployment', 'good'], '.spec.template.spec.containers[0].image');
    assert.equal(kept, `${prefix}/good:1`, 'the template is as it was written');
  });

  const reasons: [string, () => string, RegExp][] = [
    ['of a foreign registry', () => 'docker.io/library/nginx:1', /spec\.registries/],
    ['unsigned', () => `${prefix}/unsigned:1`, /signed: no signature/],
    [
      'signed by another',
      () => `${prefix}/stranger:1`,
      /signed: .*(no signature|not by|another key|release)/,
    ],
    ['beyond the rule on vulnerabilities', () => `${prefix}/zlib:1`, /no-high: .*CVE-\d+-\d+/],
  ];

  for (const [what, image, reason] of reasons)
    test(`an image ${what} is refused as a pod, Deployment, CronJob, debug container and image volume`, () => {
      assert.match(refused(['create', '-f', '-'], pod('bad', image())), reason);
      assert.match(refused(['create', '-f', '-'], deployment('bad', image())), reason);
      assert.match(refused(['create', '-f', '-'], cronJob('bad', image())), reason);
      const volumes = [{ name: 'data', image: { reference: image() } }];
      assert.match(refused(['create', '-f', '-'], pod('bad', `${prefix}/good:1`, { volumes })), reason);
      const running = field(['-n', shop, 'get', 'pods', '-l', 'app=good'], '.items[0].metadata.name');
      assert.match(
        refused(['-n', shop, 'debug', running, `--image=${image()}`, '--profile=general', '--', '/app']),
        reason,
      );
    });

  test('each kind that carries images is refused, and an update that brings a bad one too; scaling is not', () => {
    const bad = `${prefix}/unsigned:1`;
    const selector = { matchLabels: { app: 'x' } };
    const meta = (name: string) => ({ name, namespace: shop });
    for (const object of [
      {
        apiVersion: 'v1',
        kind: 'ReplicationController',
        metadata: meta('x'),
        spec: { selector: { app: 'x' }, template: template(bad) },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: meta('x'),
        spec: { selector, template: template(bad) },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: meta('x'),
        spec: { serviceName: 'x', selector, template: template(bad) },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: meta('x'),
        spec: { selector, template: template(bad) },
      },
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: meta('x'),
        spec: { template: { ...template(bad), spec: { ...template(bad).spec, restartPolicy: 'Never' } } },
      },
      { apiVersion: 'v1', kind: 'PodTemplate', metadata: meta('x'), template: template(bad) },
    ])
      assert.match(refused(['create', '-f', '-'], object), /signed: no signature/, String(object.kind));
    assert.match(
      refused(['-n', shop, 'set', 'image', 'deployment/good', `app=${bad}`]),
      /signed: no signature/,
    );
    done(['-n', shop, 'scale', 'deployment/good', '--replicas=2']);
  });

  test('a tag that is moved to another image after it was admitted does not reach the node; named anew it is refused', async () => {
    const name = `${prefix}/moving:1`;
    const first = pushApp(name, { mark: 'first' }, work);
    must(home, 0, 'sign', name, '--key', path('release.key'));
    done(['apply', '-f', '-'], deployment('moving', name));
    await runs(shop, 'app=moving');
    // Admitted, and not yet pulled: the scheduler waits for the gate.
    done(['create', '-f', '-'], pod('gated', name, { schedulingGates: [{ name: 'example.com/e2e' }] }));
    const second = pushApp(name, { mark: 'second' }, work);
    assert.notEqual(second, first);
    done([
      '-n',
      shop,
      'patch',
      'pod',
      'gated',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/spec/schedulingGates"}]',
    ]);
    await eventually(
      'the gated pod runs',
      () => field(['-n', shop, 'get', 'pod', 'gated'], '.status.phase') === 'Running',
    );
    assert.match(
      field(['-n', shop, 'get', 'pod', 'gated'], '.status.containerStatuses[0].imageID'),
      new RegExp(first),
    );
    done(['-n', shop, 'delete', 'pod', 'gated', '--wait=false']);
    done(['-n', shop, 'delete', 'pod', '-l', 'app=moving', '--wait=false']);
    assert.match(refused(['create', '-f', '-'], pod('moved', name)), /signed: no signature/);
    await eventually('the controller is refused the new image', () =>
      /no signature/.test(
        kubectl([
          '-n',
          shop,
          'get',
          'events',
          '--field-selector=reason=FailedCreate',
          '-o',
          'jsonpath={.items[*].message}',
        ]).text.replace(/\s+/g, ' '),
      ),
    );
    const ids = kubectl([
      '-n',
      shop,
      'get',
      'pods',
      '-o',
      'jsonpath={.items[*].status.containerStatuses[*].imageID}',
    ]).text;
    assert.ok(!ids.includes(second), ids);
    done(['-n', shop, 'delete', 'deployment', 'moving']);
  });

  test('dry run is judged and leaves nothing; a namespace that does not enforce lets through, and its images are listed', async () => {
    assert.match(
      refused(['create', '--dry-run=server', '-f', '-'], pod('bad', `${prefix}/unsigned:1`)),
      /no signature/,
    );
    done(['-n', open, 'run', 'unsigned', `--image=${prefix}/unsigned:1`, '--labels=app=unsigned']);
    await runs(open, 'app=unsigned');
    await eventually('what runs unverified is listed', () =>
      /e2e-open\s+Pod\s+unsigned\s+deny/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
    );
  });

  test('exceptions count while they hold, are loud, and only in the name of who writes them', async () => {
    const exception = (author: string) => ({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImageException',
      metadata: { name: 'unsigned', namespace: system },
      spec: {
        rule: 'signed',
        images: [`${prefix}/unsigned`],
        labels: { namespace: shop },
        reason: 'until the pipeline signs',
        author,
        expires: new Date(Date.now() + 86_400_000 * 2).toISOString().slice(0, 10),
      },
    });
    assert.match(refused(['create', '-f', '-'], exception('somebody@example.com')), /author/);
    const me = field(['auth', 'whoami'], '.status.userInfo.username');
    done(['create', '-f', '-'], exception(me));
    await eventually(
      'the exception counts',
      () =>
        kubectl([
          '-n',
          system,
          'get',
          'imageexception',
          'unsigned',
          '-o',
          'jsonpath={.status.conditions[0].status}',
        ]).text === 'True',
    );
    const text = done(['create', '-f', '-'], pod('excepted', `${prefix}/unsigned:1`));
    assert.match(text, /Warning: .*until the pipeline signs/);
    done(['-n', system, 'delete', 'imageexception', 'unsigned']);
    await eventually(
      'without it the image is refused',
      () => !kubectl(['create', '--dry-run=server', '-f', '-'], pod('again', `${prefix}/unsigned:1`)).ok,
    );
    done(['-n', shop, 'delete', 'pod', 'excepted']);
  });

  test('a policy whose identity is no name is refused by the API server itself', () => {
    const identities = [{ issuer: 'https://token.example.com', subject: '.' }];
    const authorities = [{ name: 'ci', keyless: { identities } }];
    assert.match(refused(['apply', '--dry-run=server', '-f', '-'], policy({ authorities })), /subject/);
  });

  test('an invalid policy never replaces the valid one, and says what is wrong', async () => {
    const broken = kubectl([
      '-n',
      system,
      'patch',
      'imagepolicy',
      'default',
      '--type=merge',
      '-p',
      '{"spec":{"registries":["**"]}}',
    ]);
    assert.ok(broken.ok, broken.text);
    await eventually(
      'the policy says that it is not ready',
      () =>
        kubectl([
          '-n',
          system,
          'get',
          'imagepolicy',
          'default',
          '-o',
          'jsonpath={.status.conditions[0].reason}',
        ]).text === 'Invalid',
    );
    assert.match(refused(['create', '-f', '-'], pod('bad', `${prefix}/unsigned:1`)), /no signature/);
    done(['create', '--dry-run=server', '-f', '-'], pod('fine', `${prefix}/good:1`));
    await inForce(policy());
  });
}
