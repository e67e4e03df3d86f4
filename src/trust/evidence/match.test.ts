import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isUsefulPattern, matchesPattern, matchesText } from './match.ts';

const build = 'https://github.com/team/app/.github/workflows/build.yml@refs/heads/main';

describe('an exact text', () => {
  test('is compared whole, letter by letter', () => {
    assert.ok(matchesText({ exact: 'one@example.com' }, 'one@example.com'));
    for (const other of [
      '',
      'One@example.com',
      'one@example.com ',
      'someone@example.com',
      'one@example.com.evil.test',
      'one@example.com\n',
    ])
      assert.ok(!matchesText({ exact: 'one@example.com' }, other), JSON.stringify(other));
  });

  test('with a star in it means the star', () => {
    assert.ok(!matchesText({ exact: '*@example.com' }, 'one@example.com'));
    assert.ok(matchesText({ exact: '*' }, '*'));
  });
});

describe('a pattern', () => {
  test('does not match what merely begins like the right one', () => {
    for (const text of [
      `${build}-evil`,
      `${build}\n`,
      'https://github.com/team/app/.github/workflows/build.yml@refs/heads/main/../../evil',
    ])
      assert.ok(!matchesPattern(build, text), JSON.stringify(text));
    assert.ok(!matchesPattern('*@example.com', 'one@example.com.evil.test'));
    assert.ok(!matchesPattern('*@example.com', 'one@example.com\n'));
  });

  test('does not match what merely ends like the right one', () => {
    assert.ok(!matchesPattern('registry.test/team/*', 'evil.test/registry.test/team/app'));
    assert.ok(!matchesPattern('one@example.com', 'someone@example.com'));
    assert.ok(!matchesPattern('one@example.com', 'x\none@example.com'));
  });

  test('of one star stays within a path segment', () => {
    assert.ok(matchesPattern('https://github.com/team/*', 'https://github.com/team/app'));
    assert.ok(matchesPattern('https://github.com/team/*', 'https://github.com/team/'));
    assert.ok(!matchesPattern('https://github.com/team/*', 'https://github.com/team/app/evil'));
    // the hole of Portieris 0.14.2: a host written into the path of another
    assert.ok(!matchesPattern('*.trusted.test/org/*', 'evil.test/x.trusted.test/org/app'));
  });

  test('of two stars crosses slashes and lines', () => {
    assert.ok(matchesPattern('https://github.com/team/**', build));
    assert.ok(matchesPattern('a**z', 'a/\n/z'));
    assert.ok(!matchesPattern('https://github.com/team/**', 'https://github.com/teams/app'));
  });

  test('takes every other character as itself', () => {
    assert.ok(!matchesPattern('one@example.com', 'one@exampleXcom'));
    for (const text of ['a.b', 'a|b', '(a)', '[a]', 'a+', 'a?', '^a$', '{1}', 'a\\d', 'a-b'])
      assert.ok(matchesPattern(text, text), text);
    assert.ok(!matchesPattern('a|b', 'a'));
    assert.ok(!matchesPattern('a+', 'aa'));
    assert.ok(!matchesPattern('[ab]', 'a'));
    assert.ok(!matchesPattern('', 'a'));
  });

  test('answers the same when asked again', () => {
    for (let i = 0; i < 3; i++) assert.ok(matchesPattern('x/*', 'x/y'));
  });
});

describe('a pattern of identities', () => {
  test('that leaves out only a part is useful', () => {
    for (const pattern of [
      'one@example.com',
      '*@example.com',
      'https://github.com/team/**',
      'https://github.com/*/app/.github/workflows/build.yml@refs/heads/main',
    ])
      assert.ok(isUsefulPattern(pattern), pattern);
  });

  test('that trusts strangers is not', () => {
    for (const pattern of [
      '',
      ' ',
      '.',
      '*',
      '**',
      '*@*',
      '**/**',
      '*://*',
      'https://*',
      'https://**',
      'https://*/team/app',
      'https://*.com/team/app',
      '**/build.yml',
    ])
      assert.ok(!isUsefulPattern(pattern), pattern);
  });
});
