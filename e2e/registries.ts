// Registries of every kind: private ones by pull secrets that were opted in, Distribution 3, our own.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { installGo } from '../interop/peers.ts';
import { done, field, must, refused } from './agent.ts';
import { pushApp } from './apps.ts';
import { eventually, kubectl } from './kubectl.ts';
import { startTlsRegistry } from './place.ts';
import { home, locked, login, open, path, pod, shop, work } from './shop.ts';

export function registries(): void {
  test('a private registry is read with the pull secrets of a namespace that opted in, and of no other', async () => {
    const name = `${locked.prefix}/team/app:1`;
    const config = path('docker');
    mkdirSync(config, { recursive: true });
    const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    const dockerconfig = JSON.stringify({ auths: { [locked.prefix]: { auth } } });
    writeFileSync(join(config, 'config.json'), dockerconfig);
    process.env['DOCKER_CONFIG'] = config;
    process.env['REGISTRY_AUTH_FILE'] = join(config, 'config.json');
    const digest = pushApp(name, { mark: 'locked' }, work);
    must(home, 0, 'sign', name, '--key', path('release.key'));
    delete process.env['DOCKER_CONFIG'];
    delete process.env['REGISTRY_AUTH_FILE'];
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
