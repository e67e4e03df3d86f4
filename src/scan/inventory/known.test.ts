import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownAs } from './known.ts';

test('runtimes and servers are known by their file names, with versions where they have them', () => {
  for (const [path, name] of [
    ['usr/local/bin/node', 'node'],
    ['usr/local/bin/python3.12', 'python'],
    ['opt/java/bin/java', 'java'],
    ['usr/sbin/nginx', 'nginx'],
    ['usr/local/bin/redis-server', 'redis'],
    ['usr/lib/postgresql/16/bin/postgres', 'postgres'],
    ['usr/bin/php-fpm8.2', 'php'],
    ['usr/bin/luajit-2.1.0', 'lua'],
    ['bin/busybox', 'busybox'],
  ])
    assert.equal(knownAs(path!), name);
});

test('other names are not known, though they begin alike', () => {
  for (const path of [
    'bin/bash',
    'usr/bin/node-gyp',
    'usr/bin/python3-config',
    'usr/bin/python3.',
    'usr/bin/javac',
    'x/__proto__',
    'x/constructor',
  ])
    assert.equal(knownAs(path), undefined, path);
});
