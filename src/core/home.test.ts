import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { openHome } from './home.ts';

test('the home is the option’s, else the environment’s, else the platform’s usual place', () => {
  const env = { SEAWORTHY_HOME: '/srv/home', XDG_DATA_HOME: '/data' };
  assert.equal(openHome('a/b', env).root, resolve('a/b'));
  assert.equal(openHome(undefined, env).root, resolve('/srv/home'));
  assert.match(openHome(undefined, { XDG_DATA_HOME: '/data' }).root, /seaworthy$/);
  assert.doesNotMatch(
    openHome(undefined, { XDG_DATA_HOME: 'not/absolute' }).root,
    /not/,
    'the XDG specification says to ignore a relative path',
  );
});

test('directories are made when asked for, for their owner alone', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-home-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const home = openHome(join(folder, 'home'), {});
  const made = home.dir('results', 'layer');
  assert.equal(made, join(folder, 'home', 'results', 'layer'));
  if (process.platform !== 'win32') assert.equal(statSync(made).mode & 0o077, 0);
});
