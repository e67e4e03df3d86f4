// Registries of every kind: private ones by pull secrets that were opted in, Distribution 3, our own.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { installGo } from '../interop/peers.ts';
import { agentAnswers, command, done, field, install, installArgs, must, refused } from './agent.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import { changePassword, dockerConfig, pushLocked, statusWith } from './locked.ts';
import { startTlsRegistry } from './place.ts';
import { agentAlone, agentPod, home, locked, login, open, path, pod, shop, system, work } from './shop.ts';

export function registries(): void {
  test('a private registry is read with the pull secrets of a namespace that opted in, and of no other', async () => {
    const name = `${locked.prefix}/team/app:1`;
    const dockerconfig = dockerConfig();
    const digest = pushLocked(name, 'locked');
    const image = `${name}@${digest}`;
    assert.match(
      refused(['create', '--dry-run=server', '-f', '-'], pod('a', image)),
      /auth-required|access-denied/,
    );
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/dockerconfigjson',
      metadata: { name: 'registry', namespace: shop },
      stringData: { '.dockerconfigjson': dockerconfig },
    };
    done(['create', '-f', '-'], secret);
    done(
      ['create', '--dry-run=server', '-f', '-'],
      pod('b', image, { imagePullSecrets: [{ name: 'registry' }] }),
    );
    done(['create', '-f', '-'], pod('locked', image, { imagePullSecrets: [{ name: 'registry' }] }));
    await eventually(
      'the private image runs',
      () => field(['-n', shop, 'get', 'pod', 'locked'], '.status.phase') === 'Running',
    );
    const without = refused(['create', '--dry-run=server', '-f', '-'], pod('c', image));
    assert.match(without, /auth-required|access-denied/, 'what one pod may see is not told to another');

    must(home, 0, 'cluster', 'enforce', open, '--yes');
    const elsewhere = pod('d', image, { imagePullSecrets: [{ name: 'registry' }] });
    Object.assign(elsewhere['metadata'] as object, { namespace: open });
    done(['create', '-f', '-'], { ...secret, metadata: { name: 'registry', namespace: open } });
    assert.match(
      refused(['create', '--dry-run=server', '-f', '-'], elsewhere),
      /auth-required|access-denied/,
    );
    must(home, 0, 'cluster', 'enforce', open, '--off');
  });

  test('the agent reads a private registry with a secret of its own, also once its password is another', async (context) => {
    context.after(() => void command(home, 'cluster', 'enforce', open, '--off'));
    const [first, bare] = ['first', 'bare'].map((name) => `${locked.prefix}/own/${name}:1`) as [
      string,
      string,
    ];
    const digest = pushLocked(first, 'own-first');
    pushLocked(bare, 'own-bare', { signed: false });
    const dryRun = ['create', '--dry-run=server', '-f', '-'];
    /** In a namespace whose pull secrets the agent may not read, and by default without any. */
    const asked = (image: string, more = {}) => {
      const object = pod('own', image, more);
      return { ...object, metadata: { name: 'own', namespace: open } };
    };
    const usual = ['--mutate', '--pull-secrets', shop];
    const own = [...usual, '--registry-secret', 'own-registry'];
    must(home, 0, 'cluster', 'enforce', open, '--yes');
    assert.match(refused(dryRun, asked(first)), /auth-required|access-denied/);

    const early = command(home, ...installArgs(path('policy.yaml'), ...own));
    assert.notEqual(early.code, 0, 'a secret that is not there');
    assert.match(early.stderr, /expected the Secret own-registry in seaworthy-system, got none/);
    await agentAnswers(shop);

    const create = ['-n', system, 'create', 'secret', 'docker-registry', 'own-registry'];
    const secret = (password: string) => [
      ...create,
      `--docker-server=${locked.prefix}`,
      `--docker-username=${login.username}`,
      `--docker-password=${password}`,
    ];
    done(secret(login.password));
    install(home, path('policy.yaml'), ...own);
    await agentAlone();
    const agent = agentPod();
    assert.match(refused(dryRun, asked(bare)), /no signature/, 'it was read');
    const image = done([...dryRun, '-o', 'jsonpath={.spec.containers[0].image}'], asked(first));
    assert.equal(image, `${first}@${digest}`, 'its tag was resolved');
    done(['create', '-f', '-'], asked(first, { imagePullSecrets: [{ name: 'registry' }] }));
    await eventually(
      'it runs, with a secret that the node may read and the agent may not',
      () => field(['-n', open, 'get', 'pod', 'own'], '.status.phase') === 'Running',
    );
    done(['-n', open, 'delete', 'pod', 'own', '--grace-period=0', '--force']);

    const next = randomBytes(12).toString('hex');
    changePassword(next);
    assert.deepEqual([statusWith(login.password), statusWith(next)], ['401', '200']);
    const later = `${locked.prefix}/own/later:1`;
    pushLocked(later, 'own-later', { password: next });
    assert.match(
      refused(dryRun, asked(later)),
      /auth-required|access-denied/,
      'the old password opens nothing',
    );
    const replaced = done([...secret(next), '--dry-run=client', '-o', 'json']);
    done(['replace', '-f', '-'], replaced);
    // The kubelet looks at a pod about once a minute, and when something of it changes.
    done(['-n', system, 'annotate', 'pod', agent, 'e2e.example.com/look=now']);
    await eventually('it reads with the new password', () => kubectl(dryRun, asked(later)).ok, 150_000);
    assert.equal(agentPod(), agent);
    assert.equal(
      field(['-n', system, 'get', 'pod', agent], '.status.containerStatuses[0].restartCount'),
      '0',
    );

    install(home, path('policy.yaml'), ...usual);
    await agentAlone();
    const last = `${locked.prefix}/own/last:1`;
    pushLocked(last, 'own-last', { password: next });
    await eventually('installed without it, it reads no more', () =>
      /auth-required|access-denied/.test(kubectl(dryRun, asked(last)).text),
    );
    done(['-n', system, 'delete', 'secret', 'own-registry']);
  });

  for (const [name, port, program] of [
    ['third', 5446, () => installGo('registry3')],
    ['ours', 5447, () => 'ours'],
  ] as const)
    test(`images of ${name === 'ours' ? 'our own registry' : 'Distribution 3'} are verified and run`, async () => {
      const registry = await startTlsRegistry(path(name), port, { program: program() });
      try {
        const image = `${registry.prefix}/team/app:1`;
        pushApp(image, { mark: name }, work);
        assert.match(refused(['create', '--dry-run=server', '-f', '-'], pod(name, image)), /no signature/);
        must(home, 0, 'sign', image, '--key', path('release.key'));
        await eventually(
          'it is admitted once it is signed',
          () => kubectl(['create', '-f', '-'], pod(name, image)).ok,
        );
        await eventually(
          'it runs',
          () => field(['-n', shop, 'get', 'pod', name], '.status.phase') === 'Running',
        );
      } finally {
        await registry.stop();
      }
    });
}
