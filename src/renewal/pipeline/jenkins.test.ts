import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../net/index.ts';
import { Jenkins, type JenkinsOptions } from '../../testing/jenkins.ts';
import { listenHandler } from '../../testing/listen.ts';
import type { PipelineFault } from './fault.ts';
import { jenkins } from './jenkins.ts';
import type { BuildRequest, Pipeline, RunHandle, RunState } from './pipeline.ts';

const names = ['RENEWAL_ID', 'IMAGE', 'TAG', 'STAGING_TAG', 'BASE', 'BASE_DIGEST', 'PLATFORMS'];
const request: BuildRequest = {
  id: '018f-renewal-1',
  image: 'registry.example/app',
  stagingTag: 'seaworthy-018f',
  tag: '1.2',
  base: { image: 'registry.example/base', tag: '12', digest: `sha256:${'b'.repeat(64)}` },
  platforms: ['linux/amd64'],
};
const never = new AbortController().signal;

interface Yard {
  service: Jenkins;
  pipeline: Pipeline;
  time: { now: number };
}

async function setUp(
  context: TestContext,
  options: Partial<JenkinsOptions> = {},
  secret = 'token',
): Promise<Yard> {
  const service = new Jenkins({
    job: 'job/team/job/web%20app',
    parameters: names,
    user: 'seaworthy',
    token: 'token',
    ...options,
  });
  const host = await listenHandler(service.handler, context);
  const http = createClient({ env: {}, sleep: async () => {} });
  context.after(() => http.close());
  const time = { now: Date.UTC(2026, 10, 27) };
  const pipeline = jenkins({
    http,
    clock: { now: () => new Date(time.now) },
    url: `http://${host}${options.prefix ?? ''}`,
    job: 'team/web app',
    user: 'seaworthy',
    secret: async () => secret,
  });
  return { service, pipeline, time };
}

/** One look, with the handle that the record would keep. */
async function look(pipeline: Pipeline, handle: RunHandle): Promise<[RunState, RunHandle]> {
  const state = await pipeline.follow(handle, never);
  const kept = state.state === 'running' ? (state.handle ?? handle) : handle;
  return [state, JSON.parse(JSON.stringify(kept)) as RunHandle];
}

const fault =
  (code: PipelineFault['code'], isPassing: boolean, message = /./) =>
  (error: PipelineFault) => {
    assert.deepEqual([error.code, error.isPassing], [code, isPassing]);
    assert.match(error.message, message);
    return true;
  };

test('a build is queued with the parameters of the renewal and followed from the queue to its end', async (context) => {
  const { service, pipeline } = await setUp(context);
  let handle = await pipeline.start(request, never);
  assert.deepEqual(handle, { id: request.id, item: 41 });
  let [state] = await look(pipeline, handle);
  assert.deepEqual(state, { state: 'running', text: 'In the quiet period. Expires in 4.9 sec' });
  service.release();
  [state, handle] = await look(pipeline, handle);
  assert.deepEqual(handle, { id: request.id, build: 1 });
  assert.match(state.url!, /^http:\/\/127\.0\.0\.1:\d+\/job\/team\/job\/web%20app\/1\/$/);
  assert.deepEqual(service.builds[0]!.parameters, {
    RENEWAL_ID: request.id,
    IMAGE: 'registry.example/app',
    TAG: '1.2',
    STAGING_TAG: 'seaworthy-018f',
    BASE: 'registry.example/base:12',
    BASE_DIGEST: request.base.digest,
    PLATFORMS: 'linux/amd64',
  });
  assert.equal((await look(pipeline, handle))[0].state, 'running');
  service.finish(1, 'SUCCESS');
  assert.equal((await look(pipeline, handle))[0].state, 'succeeded');
});

test('what was queued or built before a crash is found and nothing else is queued', async (context) => {
  const { service, pipeline } = await setUp(context);
  await pipeline.start({ ...request, id: 'another' }, never);
  await pipeline.start(request, never);
  assert.deepEqual(await pipeline.start(request, never), { id: request.id, item: 42 });
  service.release();
  assert.deepEqual(await pipeline.start(request, never), { id: request.id, build: 2 });
  service.finish(2, 'FAILURE');
  assert.deepEqual(await pipeline.start(request, never), { id: request.id, build: 2 });
  assert.equal(service.requests.filter((one) => one.startsWith('POST')).length, 2);
});

test('two renewals are never one item of the queue', async (context) => {
  const { service, pipeline } = await setUp(context);
  const one = await pipeline.start(request, never);
  const other = await pipeline.start({ ...request, id: 'the-next' }, never);
  assert.notEqual(one['item'], other['item']);
  service.release();
  assert.equal(service.builds.length, 2);
});

test('a result that is not SUCCESS is a failure', async (context) => {
  const { service, pipeline } = await setUp(context);
  await pipeline.start(request, never);
  service.release();
  for (const result of ['UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']) {
    service.finish(1, result);
    const state = await pipeline.follow({ id: request.id, build: 1 }, never);
    assert.deepEqual(
      [state.state, 'text' in state && state.text],
      ['failed', `the build ended as ${result}`],
    );
  }
});

test('a password works with a crumb in its session, also after a restart', async (context) => {
  const { service, pipeline } = await setUp(context, { password: 'secret' }, 'secret');
  await pipeline.start(request, never);
  service.restart();
  await pipeline.start({ ...request, id: 'the-next' }, never);
  assert.equal(service.queue.length, 2);
  assert.equal(service.requests.filter((one) => one.includes('crumbIssuer')).length, 2);
});

test('an API token asks for no crumb', async (context) => {
  const { service, pipeline } = await setUp(context);
  await pipeline.start(request, never);
  assert.deepEqual(
    service.requests.filter((one) => one.includes('crumbIssuer')),
    [],
  );
});

test('what waits in the queue is followed over a restart', async (context) => {
  const { service, pipeline } = await setUp(context);
  const handle = await pipeline.start(request, never);
  service.isStarting = true;
  await assert.rejects(pipeline.follow(handle, never), fault('pipeline-busy', true));
  service.isStarting = false;
  service.restart();
  service.release();
  assert.deepEqual((await look(pipeline, handle))[1], { id: request.id, build: 1 });
});

test('a build whose queue item is forgotten is found by the id', async (context) => {
  const { service, pipeline } = await setUp(context);
  const handle = await pipeline.start(request, never);
  service.release();
  service.restart();
  assert.deepEqual((await look(pipeline, handle))[1], { id: request.id, build: 1 });
});

test('what a restart lost is looked for once more, then named', async (context) => {
  const { service, pipeline, time } = await setUp(context);
  let handle = await pipeline.start(request, never);
  service.restart({ losesQueue: true });
  let [state] = [] as RunState[];
  [state, handle] = await look(pipeline, handle);
  assert.equal(state!.state, 'running');
  [state, handle] = await look(pipeline, handle);
  assert.equal(state.state, 'running');
  time.now += 61_000;
  [state] = await look(pipeline, handle);
  assert.equal(state.state, 'failed');
  assert.match((state as { text: string }).text, /RENEWAL_ID=018f-renewal-1/);
});

test('a build that a restart broke off is named, not waited for', async (context) => {
  const { service, pipeline, time } = await setUp(context);
  await pipeline.start(request, never);
  service.release();
  service.restart({ breaksBuilds: true });
  let handle: RunHandle = { id: request.id, build: 1 };
  let state: RunState;
  [state, handle] = await look(pipeline, handle);
  assert.equal(state.state, 'running');
  time.now += 61_000;
  [state] = await look(pipeline, handle);
  assert.match((state as { text: string }).text, /without a result/);
});

test('only the path of what a Jenkins names is taken, never its host', async (context) => {
  const { service, pipeline } = await setUp(context, {
    prefix: '/jenkins',
    rootUrl: 'http://ci.attacker.example',
  });
  const handle = await pipeline.start(request, never);
  assert.deepEqual(handle, { id: request.id, item: 41 });
  service.release();
  const [state] = await look(pipeline, handle);
  assert.match(state.url!, /^http:\/\/127\.0\.0\.1:\d+\/jenkins\/job\/team/);
});

test('a job that is disabled, unknown or without the parameters is refused before anything is queued', async (context) => {
  const disabled = await setUp(context);
  disabled.service.isDisabled = true;
  await assert.rejects(disabled.pipeline.start(request, never), fault('pipeline-refused', false));
  const elsewhere = await setUp(context, { job: 'job/other' });
  await assert.rejects(elsewhere.pipeline.start(request, never), fault('pipeline-unknown', false));
  const bare = await setUp(context, { parameters: ['IMAGE'] });
  await assert.rejects(
    bare.pipeline.start(request, never),
    fault('pipeline-parameters', false, /without RENEWAL_ID/),
  );
  await assert.rejects(bare.pipeline.probe(never), fault('pipeline-parameters', false, /STAGING_TAG/));
  for (const { service } of [disabled, elsewhere, bare]) assert.deepEqual(service.queue, []);
});

test('a login that is refused is named', async (context) => {
  const { pipeline } = await setUp(context, {}, 'wrong');
  await assert.rejects(pipeline.start(request, never), fault('pipeline-login-refused', false));
});

test('a run is cancelled in the queue and in its build, and left alone after its end', async (context) => {
  const { service, pipeline } = await setUp(context);
  const handle = await pipeline.start(request, never);
  await pipeline.cancel(handle, never);
  assert.equal((await pipeline.follow(handle, never)).state, 'failed');
  const next = await pipeline.start({ ...request, id: 'the-next' }, never);
  service.release();
  await pipeline.cancel(next, never);
  assert.equal(service.builds[0]!.result, 'ABORTED');
  const before = service.requests.length;
  await pipeline.cancel({ id: 'the-next', build: 1 }, never);
  assert.deepEqual(
    service.requests.slice(before).filter((one) => one.startsWith('POST')),
    [],
  );
});
