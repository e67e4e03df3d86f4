import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatReference, parseReference, registryHost, withDefaultTag } from './reference.ts';

const hex = 'a'.repeat(64);

describe('a reference', () => {
  const cases: [string, string, string, (string | undefined)?, string?][] = [
    ['alpine', 'docker.io', 'library/alpine'],
    ['alpine:3.20', 'docker.io', 'library/alpine', '3.20'],
    ['team/app', 'docker.io', 'team/app'],
    ['index.docker.io/alpine', 'docker.io', 'library/alpine'],
    ['localhost/app', 'localhost', 'app'],
    ['localhost:5000/app:1', 'localhost:5000', 'app', '1'],
    ['Host/app', 'Host', 'app'],
    ['ghcr.io/a/b/c:v1', 'ghcr.io', 'a/b/c', 'v1'],
    ['[::1]:5000/app', '[::1]:5000', 'app'],
    ['[2001:db8::1]/app:1', '[2001:db8::1]', 'app', '1'],
    [`x/y@sha256:${hex}`, 'docker.io', 'x/y', undefined, `sha256:${hex}`],
    [`r.test:443/a__b/c-d--e.f:t@sha256:${hex}`, 'r.test:443', 'a__b/c-d--e.f', 't', `sha256:${hex}`],
    [`a@sha512:${hex}${hex}`, 'docker.io', 'library/a', undefined, `sha512:${hex}${hex}`],
  ];
  for (const [text, domain, repository, tag, digest] of cases)
    test(`${text.slice(0, 40)} is ${repository} at ${domain}`, () => {
      const parsed = parseReference(text);
      assert.deepEqual(
        [parsed.domain, parsed.repository, parsed.tag, parsed.digest],
        [domain, repository, tag, digest],
      );
      assert.deepEqual(parseReference(formatReference(parsed)), parsed);
    });

  const hostile = [
    '',
    'A',
    'a/B',
    'a:',
    ':a',
    'a@',
    'a//b',
    '/a',
    'a/',
    '-a',
    'a-',
    'a_-b',
    'a___b',
    'a..b',
    'r.test/../a',
    'a b',
    'a\0',
    'a:b:c',
    'a:b/c',
    'a:.x',
    `a:${'t'.repeat(129)}`,
    `${'a/'.repeat(200)}a`,
    'x'.repeat(5000),
    hex,
    `a@sha256:${'A'.repeat(64)}`,
    'a@md5:123',
    `a@sha256:${hex}0`,
    'r.test:99999/a',
    'r.test:x/a',
    '[::1/a',
    'user@r.test/a',
    'https://r.test/a',
    'r.test/a?x=1',
    'r.test/a#b',
    'r..test/a',
    '-r.test/a',
    'é/a',
  ];
  for (const text of hostile)
    test(`${JSON.stringify(text.slice(0, 40))} is none`, () => {
      assert.throws(() => parseReference(text), { name: 'ImageFault', code: 'reference-invalid' });
    });

  test('without tag and digest means latest', () => {
    assert.equal(withDefaultTag(parseReference('a')).tag, 'latest');
    assert.equal(withDefaultTag(parseReference(`a@sha256:${hex}`)).tag, undefined);
  });

  test('to Docker Hub is served by another host', () => {
    assert.equal(registryHost('docker.io'), 'registry-1.docker.io');
    assert.equal(registryHost('ghcr.io'), 'ghcr.io');
  });
});
