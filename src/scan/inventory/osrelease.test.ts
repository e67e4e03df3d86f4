import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOsRelease } from './osrelease.ts';

test('values are read as a shell would: quotes, escapes, comments, the last of two', () => {
  const text = [
    '# comment',
    'ID=first',
    "NAME='It is $HOME'",
    'ID="opensuse-leap"',
    'ID_LIKE="suse opensuse"',
    'VERSION_ID=15\\.5',
    'PRETTY_NAME="A \\"quoted\\" \\$name \\n"',
    'CPE_NAME="cpe:/o:x:y:1"   ',
    'VARIANT_ID=server # not part of it',
    'VERSION_CODENAME=""',
    'lower=ignored',
    '=nothing',
  ].join('\r\n');
  assert.deepEqual(parseOsRelease(text), {
    id: 'opensuse-leap',
    idLike: ['suse', 'opensuse'],
    name: 'It is $HOME',
    versionId: '15.5',
    prettyName: 'A "quoted" $name \\n',
    cpeName: 'cpe:/o:x:y:1',
    variantId: 'server',
  });
});

test('a file without an ID is of linux, as os-release(5) says', () => {
  assert.deepEqual(parseOsRelease('NAME=x\n'), { id: 'linux', idLike: [], name: 'x' });
});

test('text of another form is refused', () => {
  assert.throws(() => parseOsRelease('hello\n'), { code: 'inventory-invalid' });
});
