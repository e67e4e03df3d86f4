// The demo is what it says: its story in the time and lines it may take, and a person who types it gets the same.
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { installGo, root } from './peers.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-replay-'));
let shell: ChildProcessWithoutNullStreams | undefined;
after(async () => {
  if (shell !== undefined) {
    const gone = new Promise((resolve) => shell!.once('exit', resolve));
    shell.stdin.end('for job in $(jobs -p); do kill -9 -- -$job; done\nexit\n');
    await gone;
  }
  rmSync(work, { recursive: true, force: true });
});

/** Programs of a machine with Node and npm and nothing else: what npm itself needs to start a script, and no git. */
function barePath(): string {
  const path = join(work, 'bin');
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, 'node'));
  for (const name of ['npm', 'sh']) {
    const found = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
    symlinkSync(found, join(path, name));
  }
  return path;
}

/** The repository’s last tree, its first commit, and what was said of each commit between them. */
function committed(dir: string): { tree: string; first: string; messages: string[] } {
  const git = (...args: string[]) =>
    execFileSync('git', ['--git-dir', join(dir, 'manifests.git'), ...args], { encoding: 'utf8' }).trim();
  assert.equal(git('fsck', '--strict', '--full', '--no-dangling'), '');
  const messages = git('log', '--format=%an %ae %B%x00', 'main').split('\0');
  return {
    tree: git('rev-parse', 'main^{tree}'),
    first: git('rev-list', '--max-parents=0', 'main'),
    // a renewal is named by when it began
    messages: messages.map((one) => one.trim().replace(/\(renewal r[^)]+\)/, '(renewal)')).sort(),
  };
}

/** A shell that a person types into: runs a line, and gives what it wrote and its code. */
function person() {
  // job control, so that %1 is the server
  shell = spawn('bash', ['--norc'], { cwd: work, env: { ...process.env, HOME: work } });
  let text = '';
  shell.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  let count = 0;
  const type = async (line: string): Promise<{ text: string; code: number }> => {
    text = '';
    const mark = `done-${++count}`;
    shell!.stdin.write(`${line}\necho "${mark} $?"\n`);
    for (;;) {
      const end = new RegExp(`^${mark} (\\d+)$`, 'm').exec(text);
      if (end !== null) return { text: text.slice(0, end.index), code: Number(end[1]) };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return type;
}

/** Name, state, and the digest it has now. */
function imagesIn(text: string): { name: string; state: string; digest: string | undefined }[] {
  return text.split('\n').flatMap((line) => {
    const [, name, state] = /^ {2}(\w+) +(done|unsafe) /.exec(line) ?? [];
    if (name === undefined || state === undefined) return [];
    return [{ name, state, digest: /→ ([0-9a-f]{12}),/.exec(line)?.[1] }];
  });
}

test('it tells the whole story without git, and a person who types its commands gets the same digests, verdicts and commits', async () => {
  const started = performance.now();
  const story = execFileSync('npm', ['start', '--silent', '--', '--keep'], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: barePath(), HOME: work, TMPDIR: work },
  });
  const seconds = (performance.now() - started) / 1000;
  const lines = story.trimEnd().split('\n');
  process.stdout.write(`# the demo took ${seconds.toFixed(1)} s and ${lines.length} lines\n`);
  assert.ok(lines.length <= 60, `${lines.length} lines`);
  assert.match(story, /CVE-2023-4863: 3 workloads → 0 in \d+\.\d s, a kill -9 included/);
  assert.match(story, /tools +unsafe +no rebase: /);

  const type = person();
  await type('set -m; exec 2>&1');
  await type(`seaworthy() { "${process.execPath}" "${join(root, 'bin/seaworthy.cjs')}" "$@"; }`);
  const said: string[] = [];
  let record = '';
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith('$ ')) continue;
    let command = line.slice(2).replace(/ +#.*$/, '');
    if (command.startsWith('cd ')) command = command.replace(/^cd \S+;/, `cd ${work};`);
    if (/renewals r\d/.test(command)) {
      const { text } = await type('seaworthy renewals --format json');
      command = command.replace(/r\d{8}-\d{6}-[0-9a-f]{4}/, /"id": "(r[^"]+)"/.exec(text)![1]!);
    }
    if (command.endsWith(' &')) {
      await type(`${command.slice(0, -2)} > /dev/null 2>&1 &`);
      const url = command.includes(' serve ') ? 'http://127.0.0.1:7420/readyz' : 'https://127.0.0.1:8443/';
      await type(`until curl -sk -o /dev/null ${url}; do sleep 0.1; done`);
      continue;
    }
    let { text, code } = await type(command);
    // as the answer says: "it is being worked on, so try again"
    for (let tried = 1; text.includes('not-in-time') && tried < 10; tried++)
      ({ text, code } = await type(command));
    said.push(`${code} ${command}`);
    if (/renewals r\d/.test(command)) record = text;
    // what the story showed of an answer is in the answer that a person gets
    for (const shown of lines.slice(at + 1)) {
      if (shown === '' || shown.startsWith('$ ') || shown.startsWith('#')) break;
      if (/renewals/.test(command)) continue;
      assert.ok(text.includes(shown.trim().slice(0, 80)), `${command}: expected ${shown}, got ${text}`);
    }
  }
  const codes = Object.fromEntries(
    said.map((one) => [one.slice(2).split(' ').slice(0, 3).join(' '), Number(one[0])]),
  );
  assert.equal(codes['seaworthy admit shop.yaml'], 1);
  assert.equal(codes[`seaworthy check 127.0.0.1:5020/team/shop:1`], 1);
  const { text } = await type('seaworthy renewals');
  assert.match(text, /partly/);
  const told = imagesIn(story);
  assert.equal(told.length, 5);
  for (const { name, state, digest } of told) {
    assert.match(record, new RegExp(`${name}:\\S+ +${state}`), name);
    if (state === 'done') assert.ok(digest !== undefined && record.includes(digest), `${name} ${digest}`);
  }

  const kept = /^\$ cd ([^;]+);/m.exec(story)![1]!;
  assert.deepEqual(committed(work), committed(kept));

  const cosign = installGo('cosign3');
  const verify = lines.find((line) => line.startsWith('cosign verify'))!;
  const args = verify
    .split(' ')
    .slice(1)
    .map((word) => word.replace(/\/\S*\/renewal\.pub/, join(work, 'renewal.pub')));
  execFileSync(cosign, args, { stdio: 'pipe' });
});
