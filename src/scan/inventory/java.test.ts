import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { nestedJar, properties } from '../../testing/inventorycorpus.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { type ZipMember, zipOf } from '../../testing/ziparchive.ts';
import { splitStem } from './jarnames.ts';
import { java } from './java.ts';

const pom = (group: string, artifact: string, version: string): ZipMember => ({
  path: `META-INF/maven/${group}/${artifact}/pom.properties`,
  bytes: properties(group, artifact, version),
});

function read(name: string, bytes: Buffer, limits = {}) {
  const found = java.extract(openBuffer(`app/${name}`, bytes), { limits: { ...defaultLimits, ...limits } });
  const rows = found.packages!.map(
    (each) =>
      `${each.namespace ?? '?'}:${each.name}:${each.version}${each.inside ? ` @ ${each.inside}` : ''}`,
  );
  return { rows, undecided: found.undecided! };
}

test('shaded and nested packages are found, each with its place inside', () => {
  for (const bytes of [
    nestedJar(),
    Buffer.concat([Buffer.from('#!/bin/bash\nexec java -jar "$0"\n'), nestedJar()]),
  ])
    assert.deepEqual(read('app-1.0.jar', bytes), {
      rows: [
        'g:app:1.0',
        'h:shaded:3.1 @ META-INF/maven/h/shaded/pom.properties',
        'g:inner:2.0 @ BOOT-INF/lib/inner-2.0.jar',
        // Its file is named otherwise than what it describes: both are listed.
        'g:inner:2.0 @ BOOT-INF/lib/other-2.5.jar!/META-INF/maven/g/inner/pom.properties',
        '?:other:2.5 @ BOOT-INF/lib/other-2.5.jar',
      ],
      undecided: [],
    });
});

test('an archive that nothing describes is named by file, manifest, or a pom without properties', () => {
  const manifest = (text: string) =>
    zipOf([{ path: 'META-INF/MANIFEST.MF', bytes: `Manifest-Version: 1.0\r\n${text}\r\n\r\n` }]);
  assert.deepEqual(read('spring-core-6.1.1.jar', manifest('X: y')).rows, [
    'org.springframework:spring-core:6.1.1',
  ]);
  assert.deepEqual(read('unheard-of-2.0.jar', manifest('X: y')).rows, ['?:unheard-of:2.0']);
  assert.deepEqual(read('catalina.jar', manifest('Implementation-Version: 9.0.\r\n 65')).rows, [
    'org.apache.tomcat:tomcat-catalina:9.0.65',
  ]);
  assert.deepEqual(read('lib.jar', manifest('X: y')).rows, []);
  assert.deepEqual(read('lib-1.0-sources.jar', manifest('X: y')).rows, []);
  assert.deepEqual(
    read('git.hpi', manifest('Group-Id: org.jenkins\r\nShort-Name: git\r\nPlugin-Version: 5.2 (private)'))
      .rows,
    ['org.jenkins:git:5.2'],
  );
  const bare = zipOf([{ path: 'META-INF/maven/org.x/lib/pom.xml', bytes: '<project/>' }]);
  assert.deepEqual(read('lib-1.5.jar', bare).rows, ['org.x:lib:1.5']);
});

test('one description is the archive itself, whatever its file is called', () => {
  assert.deepEqual(read('app.jar', zipOf([pom('g', 'demo', '0.1')])).rows, ['g:demo:0.1']);
  assert.deepEqual(read('epoll-4.1-linux-x86_64.jar', zipOf([pom('io', 'epoll', '4.1')])).rows, [
    'io:epoll:4.1',
  ]);
});

test('a description without coordinates is named, and the file name stands in', () => {
  const found = read('lib-1.0.jar', zipOf([pom('g', 'lib', ['$', '{project.version}'].join(''))]));
  assert.deepEqual(found.rows, ['?:lib:1.0']);
  assert.equal(found.undecided[0]!.code, 'package-database-unreadable');
});

test('names and versions part where the version begins', () => {
  for (const [stem, name, version] of [
    ['guava-31.1-jre', 'guava', '31.1-jre'],
    ['log4j-1.2-api-2.20.0', 'log4j-1.2-api', '2.20.0'],
    ['a-1.0-rc-1', 'a', '1.0-rc-1'],
    ['a-1.0-20200101.123456-1', 'a', '1.0-20200101.123456-1'],
    ['commons-lang3-3.12.0', 'commons-lang3', '3.12.0'],
    ['jul-to-slf4j', 'jul-to-slf4j', undefined],
  ] as const)
    assert.deepEqual(splitStem(stem), version === undefined ? { name } : { name, version });
});

test('archives in one another without end stop at the bound, by name', () => {
  let archive = zipOf([pom('g', 'core', '1.0')]);
  for (let level = 0; level < 12; level++)
    archive = zipOf([{ path: 'in.jar', bytes: archive, stored: level % 2 === 0 }]);
  const found = read('out.jar', archive);
  assert.deepEqual(found.rows, []);
  assert.equal(found.undecided[0]!.code, 'limit-reached');
});

test('countless entries that share the bytes of one stored archive come to an end', () => {
  const inner = zipOf([pom('g', 'a', '1')]);
  const one = zipOf([{ path: 'a.jar', bytes: inner, stored: true }]);
  const end = Buffer.from(one.subarray(-22));
  const directoryAt = end.readUInt32LE(16);
  const entry = one.subarray(directoryAt, -22);
  end.writeUInt16LE(40, 8);
  end.writeUInt16LE(40, 10);
  end.writeUInt32LE(entry.length * 40, 12);
  const shared = Buffer.concat([
    one.subarray(0, directoryAt),
    ...Array.from({ length: 40 }, () => entry),
    end,
  ]);
  assert.equal(read('out.jar', shared).rows.length, 40);
  const found = read('out.jar', shared, { archiveEntries: 40 });
  assert.ok(found.rows.length < 40);
  assert.equal(found.undecided[0]!.code, 'limit-reached');
});

test('a bomb is left packed, and the rest is read', () => {
  const bomb = zipOf([{ path: 'x', bytes: Buffer.alloc(1 << 20) }]);
  const outer = zipOf([
    { path: 'bomb.jar', bytes: Buffer.concat([Buffer.alloc(1 << 20), bomb]) },
    { path: 'good-1.0.jar', bytes: zipOf([pom('g', 'good', '1.0')]) },
  ]);
  const found = read('out.jar', outer, { archiveInflatedBytes: 1 << 19 });
  assert.deepEqual(found.rows, ['g:good:1.0 @ good-1.0.jar']);
  assert.equal(found.undecided[0]!.code, 'limit-reached');
});

test('a broken jar in a good one is named by its place', () => {
  const outer = zipOf([{ path: 'bad.jar', bytes: 'no zip' }, pom('g', 'out', '1.0')]);
  const found = read('out.jar', outer);
  assert.deepEqual(found.rows, ['g:out:1.0']);
  assert.match(found.undecided[0]!.message, /^app\/out\.jar: bad\.jar: expected/);
});

test('the same entry twice is read twice', () => {
  const found = read('a-1.jar', zipOf([pom('g', 'a', '1'), pom('g', 'a', '1')]));
  assert.equal(found.rows.length, 2);
});

test('jars are wanted by their ending, rarer endings by their content too', () => {
  const wanted = (path: string, bytes: Buffer | string) => java.wants(openBuffer(path, bytes));
  const zip = zipOf([]);
  assert.ok(
    wanted('a.jar', '#!/bin/sh') &&
      wanted('A.WAR', zip) &&
      wanted('b.ear', Buffer.concat([Buffer.from('PK'), zip])),
  );
  assert.equal(wanted('a.rar', 'Rar!'), false);
  assert.equal(wanted('jar', zip), false);
  assert.equal(wanted('a.zip', zip), false);
});
