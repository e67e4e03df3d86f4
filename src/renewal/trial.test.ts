import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { testLedgers } from '../testing/ledgers.ts';
import { digest, renewing, usual, World } from '../testing/renewals.ts';
import { listRenewals, readRenewal } from './list.ts';
import { runTrial } from './trial.ts';
import { mark, markName } from './trialmark.ts';
import { createTrials } from './trials.ts';

const image = `r.example/app@${digest('app-2')}`;
const never = new AbortController().signal;

function place(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'seaworthy-trial-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs a line of JavaScript; what follows are its arguments. */
const script = (line: string, ...args: string[]) => [process.execPath, '-e', line, ...args];

function run(t: TestContext, command: string[], more: { timeout?: number; env?: NodeJS.ProcessEnv } = {}) {
  const { timeout = 60_000, env = process.env } = more;
  return runTrial({ command, timeout }, { id: 'r1.1', image }, { directory: place(t), env }, never);
}

/** Until a file is there that holds something. */
async function written(directory: string, name: string): Promise<string> {
  const file = join(directory, name);
  const text = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const changes = watch(directory);
  while (text() === '') await once(changes, 'change');
  changes.close();
  return text();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // a zombie of a container without an init is over
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a smoke test gets the staged image by digest as one argument, without a shell and without secrets', async (t) => {
  const line = 'console.log(process.argv[1]); console.log(Object.keys(process.env).sort().join(" "))';
  const env = {
    PATH: '/bin',
    HOME: '/h',
    SEAWORTHY_PASSWORD: 's',
    SEAWORTHY_TOKEN: 's',
    AWS_SECRET_ACCESS_KEY: 's',
  };
  const tried = await run(t, script(line, 'x;{image} $(id)'), { env });
  assert.deepEqual([tried.passed, tried.text], [true, 'passed']);
  assert.deepEqual(tried.output, [`x;${image} $(id)`, `HOME PATH ${markName}`]);
});

test('what does not exit with 0, or cannot be run, is no pass and says why', async (t) => {
  const failed = await run(t, script('console.error("no answer"); process.exit(3)'));
  assert.deepEqual([failed.passed, failed.text, failed.output], [false, 'exit 3', ['no answer']]);
  const killed = await run(t, script('process.kill(process.pid, "SIGSEGV")'));
  assert.deepEqual([killed.passed, killed.text], [false, 'ended by SIGSEGV']);
  const missing = await run(t, ['/nowhere/at/all']);
  assert.match(missing.text, /^could not be run: .*ENOENT/);
  assert.equal(missing.passed, false);
});

test('one that does not end in its time is ended, though it ignores the request', async (t) => {
  const command = script("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)");
  const options = { directory: place(t), env: process.env, grace: 100 };
  const tried = await runTrial({ command, timeout: 300 }, { id: 'r1.1', image }, options, never);
  assert.deepEqual([tried.passed, tried.text], [false, 'no end within 0.3 s']);
});

test('output is bounded and plain, however much it is', async (t) => {
  const line = `for (let i = 0; i < 2000; i++) console.log(i + '\\u001b[2J' + 'x'.repeat(500)); process.stdout.write('\\x00\\u202eend')`;
  const { output } = await run(t, script(line));
  assert.deepEqual([output.length, output.at(-1)], [20, '\ufffd\ufffdend']);
  assert.ok(output.every((text) => text.length <= 201 && !text.includes('\u001b')));
});

test('what a killed server left running is ended before the same runs again; another’s process is not', async (t) => {
  const directory = place(t);
  const forever = ['-e', 'setInterval(() => {}, 1000)'];
  const left = spawn(process.execPath, forever, {
    env: { [markName]: 'r1.1' },
    detached: true,
    stdio: 'ignore',
  });
  const other = spawn(process.execPath, forever, { env: {}, detached: true, stdio: 'ignore' });
  t.after(() => other.kill('SIGKILL'));
  await Promise.all([once(left, 'spawn'), once(other, 'spawn')]);
  const options = { directory, env: process.env };
  mark(directory, 'r1.1', left.pid!);
  mark(directory, 'r1.2', other.pid!);
  const isOver = once(left, 'exit');
  const trial = { command: script(''), timeout: 60_000 };
  for (const id of ['r1.1', 'r1.2'])
    assert.equal((await runTrial(trial, { id, image }, options, never)).passed, true);
  assert.deepEqual(await isOver, [null, 'SIGKILL']);
  assert.equal(isAlive(other.pid!), true);
  assert.deepEqual(readdirSync(directory), []);
});

test('a stop ends it with all that it started, and says nothing of the image; only so many run at a time', async (t) => {
  const directory = place(t);
  const stop = new AbortController();
  const tryOut = createTrials({ directory, env: process.env }, 1);
  const forever = "['-e', 'setInterval(() => {}, 1000)']";
  const child = `require('node:child_process').spawn(process.execPath, ${forever}, { stdio: 'inherit' }).pid`;
  const line = `require('node:fs').writeFileSync('up', String(${child})); setInterval(() => {}, 1000)`;
  const first = tryOut({ command: script(line), timeout: 60_000 }, { id: 'r1.1', image }, stop.signal);
  const pid = Number(await written(directory, 'up'));
  const quick = { command: script(''), timeout: 60_000 };
  assert.equal(await tryOut(quick, { id: 'r1.2', image }, never), undefined);
  stop.abort(new Error('the worker stops'));
  await assert.rejects(first, /the worker stops/);
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await tryOut(quick, { id: 'r1.2', image }, never))?.passed, true);
});

const base = 'r.example/base:1';
const app = 'r.example/app:1';

for (const ledgers of testLedgers())
  describe(`a smoke test of an image (${ledgers.dialect})`, () => {
    const begun = async (t: TestContext, tried: World['tried'], approval = false) => {
      const made = new World();
      made.put(base, { digest: digest('base-1'), findings: [], isSigned: true });
      made.put(app, { digest: digest('app-1'), on: digest('base-1'), findings: [], isSigned: true });
      made.settings = () => usual({ approval, smokeTest: { command: ['try', '{image}'], timeout: 1 } });
      made.tried = tried;
      const { ledger, begin, minute } = await renewing(t, made, ledgers);
      await begin(made.move(base, { digest: digest('base-2'), findings: [], isSigned: true }));
      const read = async () => {
        const [summary] = await listRenewals(ledger);
        return (await readRenewal(ledger, summary!.id)).images[0]!;
      };
      return { made, minute, read };
    };

    test('that fails stops it before its tag moves, and the record has the last lines', async (t) => {
      const tried = { passed: false, text: 'exit 1', seconds: 2, output: ['no answer'] };
      const { made, read } = await begun(t, async () => tried);
      const image = await read();
      assert.deepEqual([image.state, image.text, image.tried], ['stopped', 'smoke test: exit 1', tried]);
      assert.equal(made.tags.get(app), digest('app-1'));
      const staged = `try r.example/app@${image.to}`;
      assert.deepEqual(made.deeds, [`rebase ${app}`, `scan ${app}`, `sign ${app}`, staged]);
    });

    test('that is broken off, or waits for others, runs again, and comes before a person is asked', async (t) => {
      const answers: Awaited<ReturnType<World['tried']>>[] = [
        undefined,
        { passed: true, text: 'passed', seconds: 1, output: [] },
      ];
      let isFirst = true;
      const { made, minute, read } = await begun(
        t,
        async () => {
          if (isFirst) {
            isFirst = false;
            throw new Error('killed');
          }
          return answers.shift();
        },
        true,
      );
      await minute();
      assert.deepEqual([(await read()).state, (await read()).tried?.passed], ['approval', true]);
      assert.equal(made.deeds.filter((deed) => deed.startsWith('try')).length, 3);
      assert.equal(made.tags.get(app), digest('app-1'));
    });
  });
