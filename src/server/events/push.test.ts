import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePush } from './push.ts';

const manifest = 'application/vnd.oci.image.index.v1+json';

test('Distribution tells several things at once: pushes of tags are hints, blobs and deletions are none', () => {
  const event = (action: string, target: object, request: object = { host: 'r.example:5000' }) => ({
    id: 'x',
    timestamp: '2026-11-27T00:00:00Z',
    action,
    target,
    request,
    actor: {},
    source: { addr: 'x' },
  });
  const events = [
    event('push', { mediaType: manifest, digest: 'sha256:a', repository: 'base/debian', tag: '12' }),
    event('push', { mediaType: 'application/octet-stream', digest: 'sha256:b', repository: 'base/debian' }),
    event('pull', { mediaType: manifest, repository: 'base/debian', tag: '12' }),
    event('delete', { digest: 'sha256:c', repository: 'base/debian' }),
    event('push', { mediaType: manifest, repository: 'Base/Debian', tag: '12' }),
    event('push', { mediaType: manifest, repository: 'a', tag: '../x' }),
    event('push', { mediaType: manifest, repository: 'a', tag: 'v1' }, { host: 'bad host/' }),
    null,
    'push',
  ];
  assert.deepEqual(parsePush('distribution', JSON.stringify({ events })), [
    { host: 'r.example:5000', repository: 'base/debian', tag: '12' },
    { repository: 'a', tag: 'v1' },
  ]);
});

test('Azure tells one thing', () => {
  const text = JSON.stringify({
    id: 'cb8c3971-9adc-488b-xxxx-43cbb4974ff5',
    timestamp: '2026-11-17T16:52:01.343145347Z',
    action: 'push',
    target: {
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      size: 524,
      digest: `sha256:${'8'.repeat(64)}`,
      length: 524,
      repository: 'hello-world',
      tag: 'v1',
    },
    request: {
      id: '3cbb6949-7549-4fa1-xxxx-a6d5451dffc7',
      host: 'myregistry.azurecr.io',
      method: 'PUT',
      useragent: 'docker/17',
    },
  });
  assert.deepEqual(parsePush('acr', text), [
    { host: 'myregistry.azurecr.io', repository: 'hello-world', tag: 'v1' },
  ]);
  assert.deepEqual(parsePush('distribution', text), []);
  assert.deepEqual(parsePush('acr', '[]'), []);
  assert.throws(() => parsePush('acr', '{'), { code: 'json-invalid' });
});
