import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { catalogueProblems } from './catalogue.ts';
import { breaches, importsOf, parseHouse } from './house.ts';

const table =
  '```\nsrc/\n  core/  words\n    document/  words\n  net/  words\n  scan/  words\n    inventory/  words\n    advisory/  words\n    match/  words\n```\n';

function tree(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'seaworthy-house-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries({ 'ARCHITECTURE.md': table, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('the table is read in its order', () => {
  assert.deepEqual(parseHouse(table).order, [
    'core',
    'core/document',
    'net',
    'scan',
    'scan/inventory',
    'scan/advisory',
    'scan/match',
  ]);
});

test('imports are found in statements, types, import() and workers’ URLs', () => {
  const text =
    "import a from './a.ts';\nimport type { B } from \"./b.ts\";\nexport {\n  c,\n} from './c.ts';\nimport './d.ts';\nawait import('./e.ts');\nnew URL('./f.ts', import.meta.url);\n// import './g.ts';\n";
  assert.deepEqual(importsOf(text), ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
});

test('each breach of the house is named', (t) => {
  const index = {
    'src/core/index.ts': '',
    'src/net/index.ts': '',
    'src/scan/inventory/index.ts': '',
    'src/scan/advisory/index.ts': '',
    'src/scan/match/index.ts': '',
  };
  const of = (path: string, text: string) => breaches(tree(t, { ...index, [path]: text }));
  assert.deepEqual(of('src/scan/scan.ts', "import '../net/index.ts';\nimport './match/index.ts';"), []);
  assert.match(of('src/core/a.ts', "import '../net/index.ts';")[0]!, /net stands after core/);
  assert.match(
    of('src/net/a.ts', "import '../core/index.ts';\nimport '../core/x.ts';").join(),
    /not through its index.ts/,
  );
  assert.match(of('src/scan/match/a.ts', "import '../scan.ts';").join(), /scan\.ts/);
  assert.match(of('src/scan/match/a.ts', "import 'node:fs';")[0]!, /does no I\/O/);
  assert.match(of('src/scan/advisory/a.ts', "import '../inventory/index.ts';")[0]!, /never meet/);
  assert.match(of('src/scan/a.ts', "import 'undici';")[0]!, /through net alone/);
  assert.match(of('src/net/a.ts', "import 'kysely';")[0]!, /through ledger alone/);
  assert.match(of('src/other/a.ts', '')[0]!, /no room/);
  assert.match(of('src/net/a.ts', "import './index.ts';\nimport './b.ts';").join(), /b\.ts/);
  const circle = tree(t, { 'src/net/a.ts': "import './b.ts';", 'src/net/b.ts': "import './a.ts';" });
  assert.match(breaches(circle)[0]!, /circle/);
});

test('this checkout keeps to its house and its catalogues', () => {
  const root = join(import.meta.dirname, '..');
  assert.deepEqual(breaches(root), []);
  assert.deepEqual(catalogueProblems(root), []);
});

test('what stands in a cluster reaches nothing that only a server has, through others neither', (t) => {
  const root = tree(t, {
    'ARCHITECTURE.md': '```\nsrc/\n  core/  words\n  ledger/  words\n  net/  words\n  server/  words\n```\n',
    'src/core/index.ts': '',
    'src/ledger/index.ts': '',
    'src/net/index.ts': "export { x } from './client.ts';",
    'src/net/client.ts': "import '../ledger/index.ts';",
    'src/server/agent.ts': "import '../core/index.ts';\nimport '../net/index.ts';",
    'src/server/hub.ts': "import '../ledger/index.ts';",
  });
  assert.deepEqual(breaches(root), [
    'src/server/agent.ts reaches what only a server has: src/server/agent.ts → src/net/index.ts → src/net/client.ts → src/ledger/index.ts',
  ]);
});
