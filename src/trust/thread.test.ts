// Tests of verification in a thread: the same answers as without one, and a thread that dies takes no other task along.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { type Bench, bundleEvidence, image, keyAuthority, startBench } from '../testing/bundles.ts';
import {
  authorityOf,
  makeChain,
  signedEvidence,
  signedImage,
  signedRepository,
} from '../testing/notation.ts';
import { noRevocationEvidence } from './notation/index.ts';
import { createVerifierThread, type VerifierThread } from './thread.ts';
import { type VerifyTask, verifyEvidence } from './verify.ts';

function open(context: TestContext): VerifierThread {
  const thread = createVerifierThread();
  context.after(() => thread.close());
  return thread;
}

async function taskOf(bench: Bench, change: Partial<VerifyTask> = {}): Promise<VerifyTask> {
  return {
    subject: image,
    manifest: new Uint8Array(Buffer.from('{}')),
    scope: 'registry.example.com/team/app',
    evidence: [bundleEvidence(await bench.keyed({ log: 1, timestamp: true }))],
    authorities: [keyAuthority(createPublicKey(bench.key), { proofs: { log: true, timestamp: true } })],
    roots: { 'public-good': bench.sigstore.root() },
    revocation: noRevocationEvidence,
    now: Date.now(),
    ...change,
  };
}

test('a thread gives the very answers that verification gives without one', async (context) => {
  const [bench, thread] = [await startBench(context), open(context)];
  const task = await taskOf(bench);
  const [answer] = await thread.verify(task);
  assert.ok(answer?.ok, JSON.stringify(answer));
  assert.deepEqual([answer], verifyEvidence(task));
});

test('bytes arrive whole, also those that are a part of a larger buffer', async (context) => {
  const [bench, thread] = [await startBench(context), open(context)];
  const task = await taskOf(bench);
  const [evidence] = task.evidence;
  const larger = Buffer.concat([Buffer.from('before'), evidence!.payload, Buffer.from('after')]);
  const payload = larger.subarray(6, larger.length - 5);
  const [answer] = await thread.verify({ ...task, evidence: [{ ...evidence!, payload }] });
  assert.ok(answer?.ok, JSON.stringify(answer));
  assert.equal(payload.toString(), Buffer.from(evidence!.payload).toString(), 'the sender keeps its own');
});

test('many tasks at once each get their own answers', async (context) => {
  const [bench, thread] = [await startBench(context), open(context)];
  const good = await taskOf(bench);
  const other = { ...good, subject: { ...image, digest: `sha256:${'c'.repeat(64)}` } };
  const found = await Promise.all([good, other, good, { ...good, evidence: [] }].map(thread.verify));
  assert.deepEqual(
    found.map((answers) => answers.map((answer) => (answer.ok ? 'verified' : answer.code))),
    [['verified'], ['digest-other'], ['verified'], []],
  );
});

test('a task that ends in a bug is rejected, and the next one is answered', async (context) => {
  const [bench, thread] = [await startBench(context), open(context)];
  const good = await taskOf(bench);
  const bad = { ...good, evidence: undefined as unknown as VerifyTask['evidence'] };
  const [failed, fine] = await Promise.allSettled([thread.verify(bad), thread.verify(good)]);
  assert.equal(failed.status, 'rejected');
  assert.match(String((failed as PromiseRejectedResult).reason), /TypeError/);
  assert.equal(fine.status, 'fulfilled');
});

test('a task that no thread can be given is rejected, and holds up no other', async (context) => {
  const [bench, thread] = [await startBench(context), open(context)];
  const good = await taskOf(bench);
  const bad = { ...good, scope: (() => '') as unknown as string };
  await assert.rejects(thread.verify(bad), /could not be cloned/);
  assert.equal((await thread.verify(good)).length, 1);
});

test('a thread that dies rejects what was in it, and the next task starts another', async (context) => {
  const [bench, thread] = [await startBench(context), open(context)];
  const task = await taskOf(bench);
  const lost = thread.verify({ ...task, evidence: Array(200).fill(task.evidence[0]) });
  const refused = assert.rejects(lost, /stopped/);
  await thread.close();
  await refused;
  const answers = await thread.verify(task);
  assert.ok(answers[0]?.ok);
});

test('a thread that ends in an error rejects its tasks, and its exit none of the next thread', async (context) => {
  const script = `
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, task }) => {
      if (task.scope === 'die') throw new Error('dead');
      setTimeout(() => parentPort.postMessage({ id, answers: [] }), 50);
    });`;
  const thread = createVerifierThread({
    script: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
  });
  context.after(() => thread.close());
  const task = (scope: string) => ({ scope }) as VerifyTask;
  const [first, second] = [thread.verify(task('die')), thread.verify(task('a'))];
  const next = first.catch(() => thread.verify(task('b')));
  await assert.rejects(first, /dead/);
  await assert.rejects(second, /dead/);
  assert.deepEqual(await next, []);
});

test('a thread that rests as long as it may ends, and the next task has a new one', async (context) => {
  const script = `
    import { parentPort } from 'node:worker_threads';
    let count = 0;
    parentPort.on('message', ({ id }) => parentPort.postMessage({ id, answers: Array(++count).fill({}) }));`;
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const thread = createVerifierThread({
    script: new URL(`data:text/javascript,${encodeURIComponent(script)}`),
    idle: 30_000,
  });
  context.after(() => thread.close());
  const asked = async () => (await thread.verify({} as VerifyTask)).length;
  assert.equal(await asked(), 1);
  context.mock.timers.tick(29_999);
  assert.equal(await asked(), 2);
  context.mock.timers.tick(29_999);
  const [third, fourth] = [asked(), asked()];
  // what it is doing keeps it, however long it takes
  context.mock.timers.tick(60_000);
  assert.deepEqual([await third, await fourth], [3, 4]);
  context.mock.timers.tick(30_000);
  assert.equal(await asked(), 1);
});

test('a thread with nothing to do keeps no process alive, whatever was asked of it', async () => {
  const module = JSON.stringify(new URL('./thread.ts', import.meta.url));
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      '-e',
      `const { createVerifierThread } = await import(${module});
       const thread = createVerifierThread();
       await thread.verify({ scope: () => '' }).catch(() => {});
       console.log((await thread.verify({ evidence: [] })).length);`,
    ],
    { timeout: 20_000, encoding: 'utf8' },
  );
  assert.deepEqual([status, stdout], [0, '0\n']);
});

test('a Notation signature is verified there as well, whatever its envelope', async (context) => {
  const thread = open(context);
  const chain = makeChain();
  const evidence = await Promise.all(
    (['jws', 'cose'] as const).map((format) => signedEvidence(chain, { format })),
  );
  const task: VerifyTask = {
    subject: signedImage,
    manifest: new Uint8Array(),
    scope: signedRepository,
    evidence,
    authorities: [authorityOf({ 'ca:team': [chain[2]!] })],
    roots: {},
    revocation: noRevocationEvidence,
    now: Date.now(),
  };
  const answers = await thread.verify(task);
  assert.deepEqual(
    answers.map(({ ok }) => ok),
    [true, true],
    JSON.stringify(answers),
  );
  assert.deepEqual(answers, verifyEvidence(task));
});
