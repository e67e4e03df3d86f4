import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits } from '../../core/index.ts';
import { depsJson } from '../../testing/inventorycorpus.ts';
import { openBuffer } from '../../testing/openfile.ts';
import { dotnet } from './dotnet.ts';

const read = (document: unknown) =>
  dotnet.extract(
    openBuffer('app/a.deps.json', typeof document === 'string' ? document : JSON.stringify(document)),
    { limits: defaultLimits },
  );

test('packages and runtime packs of the target that runs are listed, projects and references are not', () => {
  assert.deepEqual(read(depsJson).packages, [
    { type: 'nuget', name: 'Newtonsoft.Json', version: '12.0.3' },
    { type: 'nuget', name: 'Microsoft.NETCore.App.Runtime.linux-x64', version: '8.0.1' },
  ]);
});

test('without a target every package counts', () => {
  const found = read({ libraries: { 'A/1.0': { type: 'package' }, broken: { type: 'package' } } });
  assert.deepEqual(found.packages, [{ type: 'nuget', name: 'A', version: '1.0' }]);
  assert.equal(found.undecided!.length, 1);
});

test('other documents, duplicate keys and deep ones are each a Fault', () => {
  for (const document of [
    '[]',
    'null',
    '{"libraries":[]}',
    '{"libraries":{},"libraries":{}}',
    '['.repeat(1000),
    '',
  ])
    assert.throws(() => read(document), /expected/);
  assert.deepEqual(read('{"libraries":{"__proto__":{"type":"package"}}}').packages, []);
});
