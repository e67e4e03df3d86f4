import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readConfig, spanOf } from './config.ts';
import { serverOptions } from './configoptions.ts';
import { optionNames } from './contract/index.ts';
import { imageSettings } from './hubsettings.ts';
import { serverSchema } from './schema.ts';

function file(t: TestContext, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-config-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'server.yaml');
  writeFileSync(path, text);
  return path;
}

test('the published schema is the one that configurations are checked against', () => {
  const published = readFileSync(new URL('../../docs/schema/server.schema.json', import.meta.url), 'utf8');
  assert.equal(published, serverSchema());
});

test('the help of the command names the options of the schema, which it does not load', () => {
  assert.deepEqual(
    optionNames,
    serverOptions().map(({ path, isText, description }) => ({ path, isText, description })),
    'expected src/server/contract/optionnames.ts to be as the schema has it',
  );
});

test('every option has a flag and a variable of its own', () => {
  const options = serverOptions();
  assert.equal(new Set(options.map(({ flag }) => flag)).size, options.length);
  const every = options.find(({ path }) => path === 'watch.every');
  assert.deepEqual([every?.flag, every?.variable], ['--watch-every', 'SEAWORTHY_WATCH_EVERY']);
  assert.ok(options.some(({ path }) => path === 'signing.passwordFile'));
  assert.ok(options.some(({ path, isText }) => path === 'renewal.images' && !isText));
});

test('flags come before variables, variables before the file; paths are relative to the file', (t) => {
  const path = file(t, 'policy: p.yaml\nwatch: { every: 1m, debounce: 2s }\nlisten: 127.0.0.1:1\n');
  const config = readConfig(
    path,
    { listen: '127.0.0.1:3' },
    {
      SEAWORTHY_LISTEN: '127.0.0.1:2',
      SEAWORTHY_WATCH_EVERY: '7m',
      SEAWORTHY_WATCH_IMAGES: '["a.example/b:1"]',
    },
  );
  assert.deepEqual(
    [config.listen, config.watch, config.file('x')],
    ['127.0.0.1:3', { every: '7m', debounce: '2s', images: ['a.example/b:1'] }, join(path, '..', 'x')],
  );
  assert.equal(readConfig(undefined, { policy: 'p.yaml' }, {}).policy, 'p.yaml');
});

const wrong: [string, string, RegExp][] = [
  [
    'a mistyped key',
    'policy: p\nwatch:\n  evry: 5m\n',
    /server\.yaml:3:3: unknown key "evry", did you mean "every"\?/,
  ],
  ['no policy', 'listen: 127.0.0.1:1\n', /policy: /],
  ['a span that is none', 'policy: p\nwatch: { every: 5 minutes }\n', /expected a span such as 30s/],
  ['an address without a port', 'policy: p\nlisten: localhost\n', /expected HOST:PORT/],
  [
    'a target that is not there',
    'policy: p\nrenewal: { images: [{ match: "a/**", rollout: [prod] }] }\n',
    /expected the name of a target, got "prod"/,
  ],
  [
    'a pipeline that is not there',
    'policy: p\nrenewal: { images: [{ match: "a/**", pipeline: ci }] }\n',
    /expected the name of a pipeline, got "ci"/,
  ],
  [
    'a target of two kinds',
    'policy: p\nrenewal: { targets: [{ name: a, cluster: b, git: { repository: c } }] }\n',
    /expected one of git and cluster/,
  ],
  ['no YAML', 'policy: [', /server\.yaml:1/],
];
for (const [name, text, message] of wrong)
  test(`${name} is named with its line`, (t) => {
    assert.throws(() => readConfig(file(t, text), {}, {}), { code: 'document-invalid', message });
  });

test('a mistyped variable is not silently left out', () => {
  assert.throws(() => readConfig(undefined, { policy: 'p' }, { SEAWORTHY_WATCH_EVRY: '5m' }), {
    message: /unknown variable SEAWORTHY_WATCH_EVRY, did you mean SEAWORTHY_WATCH_EVERY\?/,
  });
  assert.throws(() => readConfig(undefined, { policy: 'p' }, { SEAWORTHY_WATCH_IMAGES: '[' }), {
    message: /SEAWORTHY_WATCH_IMAGES: expected YAML/,
  });
});

test('a configuration that is not there is said', () => {
  assert.throws(() => readConfig('/nowhere/server.yaml', {}, {}), {
    code: 'document-invalid',
    message: /nowhere/,
  });
});

test('spans are milliseconds', () => {
  assert.deepEqual(
    [
      spanOf('30s', '1m'),
      spanOf(undefined, '1m'),
      spanOf('2h', '1m'),
      spanOf('1d', '1m'),
      spanOf('1w', '1m'),
    ],
    [30_000, 60_000, 7_200_000, 86_400_000, 604_800_000],
  );
});

test('the first entry that fits an image is what is configured for it', () => {
  const config = {
    policy: 'p',
    renewal: {
      images: [
        { match: 'r.example/team/secret', means: ['rebuild' as const], approval: true, patience: '5m' },
        { match: 'r.example/team/**', rollout: ['prod'] },
      ],
    },
    file: (path: string) => path,
  };
  assert.deepEqual(imageSettings(config, 'r.example/team/secret:1'), {
    means: ['rebuild'],
    patience: 300_000,
    approval: true,
    rollout: [],
    consent: false,
  });
  assert.deepEqual(imageSettings(config, 'r.example/team/app:1')?.rollout, ['prod']);
  assert.equal(imageSettings(config, 'r.example/base/debian:12'), undefined);
});
