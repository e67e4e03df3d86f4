import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../net/index.ts';
import { AzurePipelines } from '../../testing/azurepipelines.ts';
import { listenHandler } from '../../testing/listen.ts';
import { azurePipelines } from './azurepipelines.ts';
import type { PipelineFault } from './fault.ts';
import type { BuildRequest, Pipeline } from './pipeline.ts';

const names = ['renewalId', 'image', 'tag', 'stagingTag', 'base', 'baseDigest', 'platforms'];
const request: BuildRequest = {
  id: '018f-renewal-1',
  image: 'registry.example/app',
  stagingTag: 'seaworthy-018f',
  tag: '1.2',
  base: { image: 'registry.example/base', tag: '12', digest: `sha256:${'b'.repeat(64)}` },
  platforms: ['linux/amd64', 'linux/arm64'],
};
const never = new AbortController().signal;

async function setUp(
  context: TestContext,
  options: { parameters?: readonly string[]; token?: string; mapping?: Record<string, string> } = {},
): Promise<{ service: AzurePipelines; pipeline: Pipeline; another: () => Pipeline }> {
  const service = new AzurePipelines({ parameters: options.parameters ?? names, token: 'pat', pipeline: 7 });
  const host = await listenHandler(service.handler, context);
  const http = createClient({ env: {}, sleep: async () => {} });
  context.after(() => http.close());
  const another = () =>
    azurePipelines({
      http,
      organization: `http://${host}/contoso`,
      project: 'Web shop',
      pipeline: 7,
      branch: 'main',
      authorization: async () => `Basic ${Buffer.from(`:${options.token ?? 'pat'}`).toString('base64')}`,
      ...(options.mapping === undefined ? {} : { parameters: options.mapping }),
    });
  return { service, pipeline: another(), another };
}

const fault =
  (code: PipelineFault['code'], isPassing: boolean, message = /./) =>
  (error: PipelineFault) => {
    assert.deepEqual([error.code, error.isPassing], [code, isPassing]);
    assert.match(error.message, message);
    return true;
  };

test('a run is started with the parameters of the renewal and followed to its end', async (context) => {
  const { service, pipeline } = await setUp(context);
  const handle = await pipeline.start(request, never);
  assert.deepEqual(handle, { run: 100 });
  assert.deepEqual(service.runs[0]!.templateParameters, {
    renewalId: request.id,
    image: 'registry.example/app',
    tag: '1.2',
    stagingTag: 'seaworthy-018f',
    base: 'registry.example/base:12',
    baseDigest: request.base.digest,
    platforms: 'linux/amd64,linux/arm64',
  });
  const look = await pipeline.follow(handle, never);
  assert.equal(look.state, 'running');
  assert.match(look.url!, /\/contoso\/Web%20shop\/_build\/results\?buildId=100$/);
  service.finish(100, 'succeeded');
  assert.equal((await pipeline.follow(handle, never)).state, 'succeeded');
  assert.deepEqual(service.violations, []);
});

test('a run that was started before a crash is found and no other is started', async (context) => {
  const { service, pipeline, another } = await setUp(context);
  await pipeline.start({ ...request, id: 'older' }, never);
  await pipeline.start(request, never);
  assert.deepEqual(await another().start(request, never), { run: 101 });
  assert.deepEqual(await pipeline.start(request, never), { run: 101 });
  assert.equal(service.runs.length, 2);
  assert.deepEqual(service.violations, []);
});

test('a run is asked for its parameters once', async (context) => {
  const { service, pipeline, another } = await setUp(context);
  for (const id of ['a', 'b', 'c']) await pipeline.start({ ...request, id }, never);
  const later = another();
  for (const id of ['d', 'e', 'f']) await later.start({ ...request, id }, never);
  assert.equal(service.requests.filter((one) => /\/runs\/\d+$/.test(one)).length, 3);
});

test('a run that fails or is cancelled ends as failed, and says how', async (context) => {
  const { service, pipeline } = await setUp(context);
  const handle = await pipeline.start(request, never);
  for (const result of ['failed', 'canceled'] as const) {
    service.finish(100, result);
    const look = await pipeline.follow(handle, never);
    assert.deepEqual([look.state, 'text' in look && look.text], ['failed', `the run ended as ${result}`]);
  }
});

test('a run that hangs is cancelled, one that ended is left alone', async (context) => {
  const { service, pipeline } = await setUp(context);
  const handle = await pipeline.start(request, never);
  await pipeline.cancel(handle, never);
  assert.equal(service.runs[0]!.state, 'canceling');
  service.finish(100, 'canceled');
  await pipeline.cancel(handle, never);
  assert.equal(service.requests.filter((one) => one.startsWith('PATCH')).length, 1);
});

test('a sign-in page is a login that was refused', async (context) => {
  const { service, pipeline } = await setUp(context, { token: 'expired' });
  await assert.rejects(pipeline.start(request, never), fault('pipeline-login-refused', false));
  service.instead.push((_, response) => response.writeHead(302, { location: 'https://login.example' }).end());
  await assert.rejects(pipeline.start(request, never), fault('pipeline-login-refused', false));
  service.instead.push((_, response) => response.writeHead(200).end('<html>'));
  await assert.rejects(pipeline.start(request, never), fault('pipeline-login-refused', false));
});

test('what time mends is told from what a person must mend', async (context) => {
  const { service, pipeline } = await setUp(context);
  const answers: [number, PipelineFault['code'], boolean][] = [
    [500, 'pipeline-failed', true],
    [403, 'pipeline-forbidden', false],
    [404, 'pipeline-unknown', false],
    [409, 'pipeline-refused', false],
  ];
  for (const [status, code, isPassing] of answers) {
    service.instead.push((_, response) => response.writeHead(status).end('{"message":"no\\u001b[2J"}'));
    await assert.rejects(pipeline.start(request, never), fault(code, isPassing, /no \[2J/));
  }
  const busy = (_: unknown, response: import('node:http').ServerResponse) =>
    void response.writeHead(429, { 'retry-after': '300' }).end();
  service.instead.push(busy);
  await assert.rejects(pipeline.start(request, never), (error: PipelineFault) => {
    assert.deepEqual([error.code, error.isPassing, error.retryAfter], ['pipeline-busy', true, 300_000]);
    return true;
  });
  assert.equal(service.runs.length, 0);
});

test('an answer of another shape starts no second run and is named', async (context) => {
  const { service, pipeline } = await setUp(context);
  for (const body of ['[1', '"x"', '{"value":7}', '{"value":[],"value":[]}']) {
    service.instead.push((_, response) => response.writeHead(200).end(body));
    await assert.rejects(pipeline.start(request, never), fault('pipeline-answer-invalid', false));
  }
  assert.equal(service.runs.length, 0);
});

test('a probe finds parameters that the pipeline does not declare', async (context) => {
  const { service, pipeline } = await setUp(context, { parameters: ['renewalId', 'image'] });
  await assert.rejects(
    pipeline.probe(never),
    fault('pipeline-parameters', false, /Unexpected parameter 'tag'/),
  );
  assert.equal(service.runs.length, 0);
  const fitting = await setUp(context, { parameters: ['run'], mapping: { run: '{id}' } });
  await fitting.pipeline.probe(never);
  assert.deepEqual([fitting.service.runs, fitting.service.violations], [[], []]);
});

test('a mapping without the id, or with an unknown field, is refused', async (context) => {
  await assert.rejects(setUp(context, { mapping: { tag: '{tag}' } }), fault('pipeline-parameters', false));
  await assert.rejects(
    setUp(context, { mapping: { id: '{id}', digest: '{baseDigst}' } }),
    (error: PipelineFault) => /Did you mean \{baseDigest\}/.test(error.hint!),
  );
});

test('the kept part of the published description is the published one', (context) => {
  const folder =
    process.env['SEAWORTHY_CONTRACTS'] ?? new URL('../../../../shared/contracts', import.meta.url).pathname;
  const file = `${folder}/azure-pipelines-7.1.openapi.json`;
  if (!existsSync(file)) {
    assert.equal(process.env['CI'], undefined, `expected ${file} in CI, got nothing there`);
    return context.skip('the published description is not beside the checkout');
  }
  const read = (path: string | URL) => JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  const kept = read(new URL('../../../testdata/pipeline/azure-pipelines-7.1.json', import.meta.url));
  const published = read(file);
  for (const part of ['paths', 'definitions', 'parameters'])
    for (const [name, value] of Object.entries(kept[part]))
      assert.deepEqual(value, published[part][name], `${part} ${name}`);
});
