import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { mutants } from './mutants/list.ts';
import type { Mutant } from './mutants/mutant.ts';
import { mutantProblems, runMutants } from './mutants/run.ts';

const root = mkdtempSync(join(tmpdir(), 'seaworthy-made-up-'));
const source = `export function isShort(text) {
  if (text.includes(' ')) return false;
  return text.length < 5;
}
`;
for (const [path, text] of Object.entries({
  'package.json': '{ "type": "module" }',
  'src/short.ts': source,
  'src/short.test.ts': `import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isShort } from './short.ts';
describe('a short text', () => {
  test('is short', () => assert.ok(isShort('abcd')));
  test('has no spaces', () => assert.ok(!isShort('a b')));
  test('has an end', async (t) => {
    await t.test('of five letters', () => assert.ok(!isShort('abcde')));
  });
});
`,
  'src/red.test.ts':
    "import { test } from 'node:test';\ntest('is red', () => { throw new Error('always'); });\n",
})) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
after(() => rmSync(root, { recursive: true }));

const spaces: Mutant = {
  name: 'spaces are let in',
  file: 'src/short.ts',
  find: "if (text.includes(' ')) return false;",
  replace: '',
  tests: ['src/short.test.ts'],
  red: ['a short text > has no spaces'],
};

async function run(...list: Mutant[]): Promise<string> {
  const problems = await runMutants({ root, mutants: list, atOnce: 2, say: () => {} });
  assert.equal(readFileSync(join(root, 'src/short.ts'), 'utf8'), source, 'the checkout itself is untouched');
  return problems.join('\n');
}

test('mutants that are noticed by exactly their tests are no problem', async () => {
  const end = { name: 'no end', find: '< 5', replace: '< 6', red: ['a short text > has an end > of five'] };
  assert.equal(await run(spaces, { ...spaces, ...end }), '');
});

test('a mutant that survives is a problem', async () => {
  const problem = await run({
    ...spaces,
    replace: "if (text === ' ') return true;",
    find: "if (text.includes(' ')) return false;",
    red: ['a short text > is short'],
  });
  assert.match(problem, /expected “a short text > is short” to fail, got that it passes/);
});

test('a test that turns red without being named is a problem', async () => {
  const problem = await run({
    ...spaces,
    find: 'text.length < 5',
    replace: 'false',
    red: ['a short text > has'],
  });
  assert.match(problem, /expected “a short text > is short” to pass, got that it fails/);
});

test('a named test that is not there is a problem', async () => {
  const problem = await run({ ...spaces, red: [...spaces.red, 'a short text > smells'] });
  assert.equal(problem, 'spaces are let in: expected a test “a short text > smells”, got none of that title');
});

test('a text that has vanished or stands twice is a problem, and nothing runs', async () => {
  assert.match(await run({ ...spaces, find: 'text.has(' }), /exactly once in src\/short\.ts, got it 0 times/);
  assert.match(await run({ ...spaces, find: 'return' }), /exactly once in src\/short\.ts, got it 2 times/);
  assert.match(await run({ ...spaces, file: 'src/gone.ts' }), /expected src\/gone\.ts, got nothing there/);
  assert.match(await run({ ...spaces, replace: spaces.find }), /expected a change/);
  assert.match(await run({ ...spaces, red: [] }), /titles of the tests that turn red/);
  assert.match(await run({ ...spaces, tests: ['src/gone.test.ts'] }), /expected the tests src\/gone/);
  assert.match(await run(spaces, spaces), /spaces are let in: expected a name of its own/);
});

test('a mutant that does not even load is a problem', async () => {
  assert.match(await run({ ...spaces, replace: '(' }), /src\/short\.test\.ts/);
});

test('a suite that is red without a mutant is a problem', async () => {
  const problem = await run({ ...spaces, tests: ['src/red.test.ts'] });
  assert.match(problem, /src\/red\.test\.ts: expected “is red” to pass without a mutant, got: always/);
});

test('every mutant of the list fits the source as it stands', () => {
  const checkout = join(import.meta.dirname, '..');
  assert.deepEqual(
    mutants.flatMap((mutant) => mutantProblems(checkout, mutant)),
    [],
  );
});
