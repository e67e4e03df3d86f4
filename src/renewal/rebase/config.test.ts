import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf, parseConfig } from '../../image/index.ts';
import { makeImage } from '../../testing/images.ts';
import { documentsOf } from '../../testing/rebases.ts';
import { type RebasedConfig, rebaseConfig } from './config.ts';

type Fields = Record<string, unknown>;

const layers = {
  old: [[{ path: 'old', data: 'o' }]],
  next: [[{ path: 'new', data: 'n' }], [{ path: 'new2', data: 'n' }]],
  own: [[{ path: 'app', data: 'a' }], [{ path: 'app2', data: 'b' }]],
};
const names = { name: 'example.com/base:1', digest: `sha256:${'b'.repeat(64)}` };
const entry = (created_by: string, empty = false) =>
  empty ? { created_by, empty_layer: true } : { created_by };

/** Rebased with these `config` fields (or whole documents) in the old base, the image and the new base. */
function rebase(
  old: Fields,
  own: Fields,
  next: Fields,
  whole: [Fields, Fields, Fields] = [{}, {}, {}],
): RebasedConfig {
  const oldBase = makeImage({ layers: layers.old, config: { config: old, ...whole[0] } });
  const app = makeImage({ layers: [...layers.old, ...layers.own], config: { config: own, ...whole[1] } });
  const newBase = makeImage({ layers: layers.next, config: { config: next, ...whole[2] } });
  return rebaseConfig(documentsOf(app), documentsOf(oldBase), documentsOf(newBase), names);
}

const settings = (result: RebasedConfig) => result.document['config'] as Fields;
const env = (old: string[], own: string[], next: string[]) =>
  settings(rebase({ Env: old }, { Env: own }, { Env: next }))['Env'];
const histories = (old?: unknown[], own?: unknown[], next?: unknown[]) =>
  rebase({}, {}, {}, [{ history: old }, { history: own }, { history: next }]).document['history'];

test('layers are the new base’s and then the image’s own, none dropped, though nobody has a history', () => {
  const { bytes, digest, document } = rebase({}, {}, {}, [
    { history: undefined },
    { history: undefined },
    { history: undefined },
  ]);
  const { diffIds } = parseConfig(bytes);
  const made = makeImage({ layers: [...layers.next, ...layers.own] });
  assert.deepEqual(diffIds, made.diffIds);
  assert.equal(digest, digestOf(bytes));
  assert.equal(Object.hasOwn(document, 'history'), false);
});

test('variables that the image inherited move to the new base’s, its own stay', () => {
  assert.deepEqual(
    env(
      ['PATH=/bin', 'NODE_VERSION=20.1', 'GONE=1'],
      ['PATH=/bin', 'NODE_VERSION=20.1', 'GONE=1', 'MODE=prod'],
      ['PATH=/bin:/new', 'NODE_VERSION=20.2', 'NEW=1'],
    ),
    ['PATH=/bin:/new', 'NODE_VERSION=20.2', 'NEW=1', 'MODE=prod'],
  );
});

test('PATH keeps what the image put before and behind the base’s directories', () => {
  assert.deepEqual(
    env(
      ['PATH=/usr/local/bin:/usr/bin'],
      ['PATH=/app/bin:/usr/local/bin:/usr/bin:/late'],
      ['PATH=/opt/n/bin:/usr/local/bin:/usr/bin'],
    ),
    ['PATH=/app/bin:/opt/n/bin:/usr/local/bin:/usr/bin:/late'],
  );
  assert.deepEqual(
    env(['PATH=/a:/b'], ['PATH=/x:/a'], ['PATH=/a:/b:/c']),
    ['PATH=/x:/a:/c'],
    'a part it removed stays removed',
  );
  assert.deepEqual(
    env(['PATH=/a'], ['PATH=/x'], ['PATH=/b']),
    ['PATH=/x:/b'],
    'nothing of the base was in it',
  );
  assert.deepEqual(env([], ['PATH=/x'], ['PATH=/b']), ['PATH=/x']);
});

test('a variable that both changed keeps the image’s value and is named', () => {
  const result = rebase({ Env: ['A=1'] }, { Env: ['A=2'] }, { Env: ['A=3'] });
  assert.deepEqual(settings(result)['Env'], ['A=2']);
  assert.deepEqual(
    result.conflicts.map(({ field }) => field),
    ['config.Env.A'],
  );
});

test('a variable that the image removed stays removed, an entry without a value is kept', () => {
  assert.deepEqual(env(['A=1', 'B=1'], ['B=1', 'C'], ['A=1', 'B=2']), ['B=2', 'C']);
});

test('user, directory, command, signal, health check and shell that were inherited become the new base’s', () => {
  const inherited = {
    User: 'old',
    WorkingDir: '/old',
    Entrypoint: ['/old'],
    Cmd: ['old'],
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD', 'old'] },
    Shell: ['/bin/old'],
  };
  const fresh = {
    User: 'new',
    WorkingDir: '/new',
    Entrypoint: ['/new'],
    Cmd: ['new'],
    StopSignal: 'SIGQUIT',
    Healthcheck: { Test: ['CMD', 'new'] },
    Shell: ['/bin/new'],
  };
  const taken = rebase(inherited, inherited, fresh);
  assert.deepEqual(settings(taken), fresh);
  assert.deepEqual(taken.conflicts, []);
  const own = Object.fromEntries(
    Object.keys(fresh).map((key) => [
      key,
      key === 'User' || key === 'WorkingDir' || key === 'StopSignal' ? 'own' : ['own'],
    ]),
  );
  const kept = rebase(inherited, own, fresh);
  assert.deepEqual(settings(kept), own);
  assert.equal(kept.conflicts.length, Object.keys(fresh).length, 'each is named');
  assert.deepEqual(rebase({}, own, {}).conflicts, []);
});

test('a command that only the new base brings is no argument of the image’s own entrypoint', () => {
  assert.equal(settings(rebase({}, { Entrypoint: ['/app'] }, { Cmd: ['sh'] }))['Cmd'], undefined);
  assert.deepEqual(
    settings(rebase({ Cmd: ['a'] }, { Entrypoint: ['/app'], Cmd: null }, { Cmd: ['b'] }))['Cmd'],
    null,
  );
  const other = rebase({ Entrypoint: ['/a'] }, { Entrypoint: ['/a'], Cmd: ['x'] }, { Entrypoint: ['/b'] });
  assert.deepEqual(settings(other), { Entrypoint: ['/b'], Cmd: ['x'] });
  assert.match(other.conflicts[0]!.text, /gets the image’s own Cmd/);
});

test('ports, volumes and labels are united, and what the image deleted stays deleted', () => {
  const result = settings(
    rebase(
      { ExposedPorts: { '80/tcp': {} }, Volumes: { '/a': {}, '/b': {} }, Labels: { v: '1', x: 'old' } },
      {
        ExposedPorts: { '80/tcp': {}, '8080/tcp': {} },
        Volumes: { '/b': {} },
        Labels: { v: '1', x: 'own', mine: '1' },
      },
      {
        ExposedPorts: { '81/tcp': {} },
        Volumes: { '/a': {}, '/b': {}, '/c': {} },
        Labels: { v: '2', x: 'old', fresh: '1' },
      },
    ),
  );
  assert.deepEqual(result, {
    ExposedPorts: { '81/tcp': {}, '8080/tcp': {} },
    Volumes: { '/b': {}, '/c': {} },
    Labels: { v: '2', x: 'own', fresh: '1', mine: '1' },
  });
});

test('a key named __proto__ stays a key', () => {
  const own = JSON.parse('{"Labels":{"__proto__":"x","a":"1"}}') as Fields;
  const labels = settings(rebase({}, own, { Labels: { b: '2' } }))['Labels'] as Fields;
  assert.deepEqual(Object.keys(labels), ['b', '__proto__', 'a']);
});

test('variant, author, features and fields that nobody knows are kept, the date is the later one', () => {
  const own = {
    architecture: 'arm',
    variant: 'v7',
    author: 'me',
    created: '2026-01-02T00:00:00Z',
    'os.features': ['x'],
    docker_version: '20',
    'org.example': { deep: [1] },
  };
  const { document } = rebase({}, {}, {}, [{}, own, { created: '2026-03-01T00:00:00Z', author: 'base' }]);
  for (const key of [
    'architecture',
    'variant',
    'author',
    'os.features',
    'docker_version',
    'org.example',
  ] as const)
    assert.deepEqual(document[key], own[key], key);
  assert.equal(document['created'], '2026-03-01T00:00:00Z');
  assert.equal(rebase({}, {}, {}, [{}, own, {}]).document['created'], own.created);
});

test('the same input gives the same bytes', () => {
  const make = () => rebase({ Env: ['A=1'] }, { Env: ['A=1', 'B=2'], Labels: { a: 'b' } }, { Env: ['A=2'] });
  assert.deepEqual(make().bytes, make().bytes);
});

test('history has one filled entry for each layer: the new base’s, then the image’s own', () => {
  const old = [entry('FROM'), entry('CMD', true)];
  assert.deepEqual(
    histories(
      old,
      [...old, entry('COPY a'), entry('ENV', true), entry('COPY b')],
      [entry('n1'), entry('ENV', true), entry('n2')],
    ),
    [entry('n1'), entry('ENV', true), entry('n2'), entry('COPY a'), entry('ENV', true), entry('COPY b')],
  );
});

test('a history that is not there or does not fit is said for the layers it should speak of, and no layer is dropped', () => {
  const blank = { comment: 'layer without a history' };
  const next = [entry('n1'), entry('n2')];
  assert.deepEqual(histories(undefined, undefined, next), [...next, blank, blank], 'image without a history');
  assert.deepEqual(
    histories(undefined, [entry('o'), entry('a'), entry('b')], undefined),
    [blank, blank, entry('a'), entry('b')],
    'bases without one',
  );
  assert.deepEqual(
    histories([entry('o')], [entry('o'), entry('a')], next),
    [...next, blank, blank],
    'too few',
  );
  assert.deepEqual(
    histories([entry('o')], [entry('o'), entry('a'), entry('b'), entry('c'), entry('d')], next),
    [...next, blank, blank],
    'too many',
  );
  assert.deepEqual(
    histories([entry('other')], [entry('o'), entry('ENV', true), entry('a'), entry('b')], next),
    [...next, entry('ENV', true), entry('a'), entry('b')],
    'a base that tells its own story otherwise',
  );
});

test('labels that named the base name the new one, buildpacks’ cut moves with it, and none is added', () => {
  const metadata = JSON.stringify({
    runImage: { topLayer: 'sha256:old', reference: 'old', image: 'run' },
    app: 1,
  });
  const labels = {
    'org.opencontainers.image.base.name': 'example.com/base:0',
    'org.opencontainers.image.base.digest': 'sha256:old',
    'io.buildpacks.lifecycle.metadata': metadata,
  };
  const result = settings(rebase({}, { Labels: labels }, {}))['Labels'] as Record<string, string>;
  assert.equal(result['org.opencontainers.image.base.name'], names.name);
  assert.equal(result['org.opencontainers.image.base.digest'], names.digest);
  assert.deepEqual(JSON.parse(result['io.buildpacks.lifecycle.metadata']!), {
    runImage: {
      topLayer: makeImage({ layers: layers.next }).diffIds.at(-1),
      reference: `example.com/base@${names.digest}`,
      image: 'run',
    },
    app: 1,
  });
  assert.deepEqual(settings(rebase({}, { Labels: { a: 'b' } }, {}))['Labels'], { a: 'b' });
  const odd = rebase({}, { Labels: { 'io.buildpacks.lifecycle.metadata': 'x' } }, {});
  assert.equal(odd.conflicts.length, 1);
});

test('images whose config says nothing about running are rebased', () => {
  const empty = { config: undefined };
  assert.equal(rebase({}, {}, {}, [empty, empty, empty]).document['config'], undefined);
  assert.deepEqual(settings(rebase({}, {}, { User: 'u' }, [empty, { config: null }, {}])), { User: 'u' });
});
