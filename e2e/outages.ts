// The promises hold while the agent, its certificate or its registry are away, and for what was admitted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentAnswers, done, field, must, refused } from './agent.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import {
  agentPod,
  agentReady,
  deployment,
  digests,
  home,
  inForce,
  open,
  other,
  path,
  pod,
  policy,
  prefix,
  rules,
  runs,
  shop,
  system,
  work,
} from './shop.ts';

export function outages(): void {
  test('the agent is killed while pods are created: nothing unverified starts, and the floor refuses what is foreign', async () => {
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=0']);
    await eventually(
      'the agent is gone',
      () =>
        !refused(['create', '--dry-run=server', '-f', '-'], pod('a', `${prefix}/unsigned:1`)).includes(
          'no signature',
        ),
    );
    assert.match(
      refused(['create', '-f', '-'], pod('foreign', 'docker.io/library/nginx:1')),
      /seaworthy-agent-floor.*spec\.registries/,
    );
    assert.match(
      refused(['create', '-f', '-'], pod('unknown', `${prefix}/unsigned:1`)),
      /failed calling webhook|floor/,
    );
    done(['-n', open, 'run', 'away', `--image=${prefix}/stranger:1`, '--labels=app=away']);
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=1']);
    await agentReady();
    await eventually('what came in meanwhile is judged and listed', () =>
      /e2e-open\s+Pod\s+away\s+deny/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
    );
    let admitted = 0;
    for (let i = 0; i < 30; i++) {
      if (i === 10) kubectl(['-n', system, 'delete', 'pod', agentPod(), '--grace-period=0', '--force']);
      if (kubectl(['create', '-f', '-'], pod(`kill-${i}`, `${prefix}/good:1`)).ok) admitted++;
      assert.equal(kubectl(['create', '-f', '-'], pod(`evil-${i}`, `${prefix}/unsigned:1`)).ok, false);
    }
    await agentReady();
    assert.ok(admitted > 0);
    done([
      '-n',
      shop,
      'delete',
      'pods',
      ...Array.from({ length: 30 }, (_, i) => `kill-${i}`),
      '--ignore-not-found',
      '--wait=false',
    ]);
  });

  test('two agents are restarted one after the other while pods are created: nobody is refused', async () => {
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=2']);
    await agentReady();
    done(['-n', system, 'rollout', 'restart', 'deployment/seaworthy-agent']);
    let asked = 0;
    for (let over = false; !over; asked++) {
      over = kubectl([
        '-n',
        system,
        'rollout',
        'status',
        'deployment/seaworthy-agent',
        '--watch=false',
      ]).text.includes('successfully rolled out');
      done(['create', '--dry-run=server', '-f', '-'], pod('fine', `${prefix}/good:1`));
      assert.match(
        refused(['create', '--dry-run=server', '-f', '-'], pod('bad', `${prefix}/unsigned:1`)),
        /no signature/,
      );
    }
    assert.ok(asked > 3, `asked ${asked} times`);
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=1']);
    await agentReady();
  });

  test('its certificate is made anew without a restart, and pods are created all the while', async () => {
    const before = agentPod();
    const restarts = () =>
      field(['-n', system, 'get', 'pod', before], '.status.containerStatuses[0].restartCount');
    const bundle = () =>
      field(
        ['get', 'validatingwebhookconfiguration', 'seaworthy-agent'],
        '.webhooks[0].clientConfig.caBundle',
      );
    const old = bundle();
    done(['-n', system, 'delete', 'secret', 'seaworthy-agent-tls']);
    await eventually('another authority is published', () => bundle() !== old);
    await agentAnswers(shop);
    done(['create', '--dry-run=server', '-f', '-'], pod('fine', `${prefix}/good:1`));
    assert.equal(restarts(), '0');
  });

  test('the registry stops: what was verified is admitted, across a restart of the agent too; what was not is undecided', async () => {
    const name = `${other.prefix}/team/app:1`;
    const digest = pushApp(name, { mark: 'other' }, work);
    const late = pushApp(`${other.prefix}/team/late:1`, { mark: 'late' }, work);
    for (const image of [name, `${other.prefix}/team/late:1`])
      must(home, 0, 'sign', image, '--key', path('release.key'));
    const known = pod('known', `${other.prefix}/team/app:1@${digest}`);
    done(['create', '--dry-run=server', '-f', '-'], known);
    await eventually('the verdict is kept', () =>
      kubectl(['-n', system, 'get', 'imageverdicts', '-o', 'wide']).text.includes(digest),
    );
    await other.stop();
    done(['create', '--dry-run=server', '-f', '-'], known);
    kubectl(['-n', system, 'delete', 'pod', agentPod()]);
    await agentReady();
    done(['create', '--dry-run=server', '-f', '-'], known);
    assert.match(
      refused(['create', '--dry-run=server', '-f', '-'], pod('new', `${other.prefix}/team/late:1@${late}`)),
      /undecided/,
    );
    await other.start();
    await eventually(
      'the new image is admitted once the registry answers',
      () =>
        kubectl(['create', '--dry-run=server', '-f', '-'], pod('new', `${other.prefix}/team/late:1@${late}`))
          .ok,
    );
  });

  test('a drained workload that would be denied today comes back with a warning; a revoked one does not', async () => {
    const image = `${prefix}/good:1@${digests['good']}`;
    done(['apply', '-f', '-'], deployment('drained', image));
    await runs(shop, 'app=drained');
    await eventually('what it runs is recorded', () =>
      /e2e-shop\s+Deployment\s+drained\s+allow/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
    );
    const strict = {
      rules: rules([
        { name: 'scanned', vulnerabilities: { by: ['scanner'], severity: 'low', maxDatabaseAge: '3650d' } },
      ]),
    };
    await inForce(policy(strict));
    assert.match(
      refused(['create', '-f', '-'], pod('fresh', image)),
      /scanned: /,
      'a new workload is denied',
    );
    const replaced = async () => {
      const old = field(['-n', shop, 'get', 'pods', '-l', 'app=drained'], '.items[0].metadata.name');
      done(['-n', shop, 'delete', 'pod', old, '--grace-period=0', '--force']);
      return old;
    };
    const gone = await replaced();
    await eventually('another pod of it runs', () => {
      const { text } = kubectl([
        '-n',
        shop,
        'get',
        'pods',
        '-l',
        'app=drained',
        '--field-selector=status.phase=Running',
        '-o',
        'name',
      ]);
      return text.includes('pod/') && !text.includes(gone);
    });
    assert.match(done(['-n', system, 'logs', agentPod(), '--tail=500']), /"outcome":"kept"/);
    const forged = pod('forged', image);
    const owner = JSON.parse(done(['-n', shop, 'get', 'replicaset', '-l', 'app=drained', '-o', 'json']))
      .items[0];
    Object.assign(forged['metadata'] as object, {
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: owner.metadata.name,
          uid: owner.metadata.uid,
          controller: true,
        },
      ],
    });
    assert.match(refused(['create', '-f', '-'], forged), /scanned: /, 'owner references alone prove nothing');

    await inForce(
      policy({
        ...strict,
        revocations: [{ digest: digests['good'], reason: 'built with a stolen token', author: 'security' }],
      }),
    );
    await replaced();
    await eventually('the controller is refused', () =>
      /revoked by security/.test(
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
    await inForce(policy());
  });
}
