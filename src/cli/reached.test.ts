import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatReached } from './reachedtext.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const image = {
  reference: 'r.example/team/app:1',
  digest,
  platform: 'linux/amd64',
  id: 'CVE-2023-4863',
  purl: 'pkg:deb/debian/libwebp7@1.2.4%2Bb1?arch=amd64',
  severity: 'high',
  since: '2026-11-27T13:00:00.000Z',
};
const workload = {
  cluster: 'prod',
  namespace: 'shop',
  kind: 'Deployment',
  name: 'app',
  container: 'web\u001b[2J',
  reference: 'r.example/team/app:1',
  digest,
  severity: 'high',
  reportedAt: '2026-11-27T13:00:00.000Z',
};

test('what a flaw reaches is a table of images and one of containers, without terminal sequences', () => {
  assert.equal(
    formatReached('CVE-2023-4863', { reached: [image], workloads: [workload] }),
    [
      'IMAGE                 PLATFORM     PACKAGE            SEVERITY  FIXED IN  SINCE',
      'r.example/team/app:1  linux/amd64  libwebp7@1.2.4+b1  high      no fix    2026-11-27T13:00',
      '',
      'CLUSTER  WORKLOAD             CONTAINER  SEVERITY  IMAGE',
      'prod     shop/Deployment/app  web?[2J    high      r.example/team/app:1 sha256:aaaaaaaaaaaa',
      '',
    ].join('\n'),
  );
});

test('a flaw that reaches nothing, and images that nobody runs, are said', () => {
  assert.equal(
    formatReached('CVE-2023-4863', { reached: [], workloads: [] }),
    'CVE-2023-4863 reaches no image that the server watches\n',
  );
  assert.match(
    formatReached('CVE-2023-4863', { reached: [image], workloads: [] }),
    /no cluster said that it runs one of them\n$/,
  );
});
