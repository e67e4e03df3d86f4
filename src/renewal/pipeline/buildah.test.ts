import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BuildYard, changed, openBuildYard } from '../../testing/builds.ts';
import { type BuildahOptions, buildah } from './buildah.ts';
import { buildDirectory } from './buildstate.ts';
import type { PipelineFault } from './fault.ts';
import type { BuildRequest } from './pipeline.ts';

const request: BuildRequest = {
  id: '../renewal/1',
  image: 'registry.example/app',
  stagingTag: 'seaworthy-018f',
  tag: '1.2',
  base: { image: 'registry.example/base', tag: '12', digest: `sha256:${'b'.repeat(64)}` },
  platforms: ['linux/amd64'],
};
const never = new AbortController().signal;

function setUp(context: TestContext, options: Partial<BuildahOptions> = {}) {
  const yard = openBuildYard(context);
  const time = { now: Date.now() };
  const clock = { now: () => new Date(time.now) };
  const another = (more: Partial<BuildahOptions> = {}) =>
    buildah({ ...yard, clock, ...options, env: { ...yard.env, ...options.env }, ...more });
  const work = (id = request.id) => join(buildDirectory(yard.home.dir('builds'), id), 'work');
  const ended = (id?: string) => changed(work(id), () => existsSync(join(work(id), 'exit')));
  return { yard, time, pipeline: another(), another, work, ended };
}

/** A build that waits until the test lets it go on. */
function gate(yard: BuildYard, work: string) {
  yard.onBuild(`mkfifo ${work}/gate && exec 3<>${work}/gate && echo >${work}/waits && read _ <&3`);
  return {
    reached: () => changed(work, () => existsSync(join(work, 'waits'))),
    open: () => writeFileSync(join(work, 'gate'), 'go\n'),
  };
}

test('a build is pinned to the base’s digest, pushed to the staging tag alone, and says its digest', async (context) => {
  const { yard, pipeline, work, ended } = setUp(context);
  const handle = await pipeline.start(request, never);
  assert.deepEqual(handle, { id: request.id });
  await ended();
  assert.deepEqual(await pipeline.follow(handle, never), {
    state: 'succeeded',
    digest: `sha256:${'d'.repeat(64)}`,
  });
  assert.equal(
    readFileSync(join(work(), 'Dockerfile'), 'utf8'),
    `FROM registry.example/base@${request.base.digest}\nCOPY app /app\n`,
  );
  const pushes = yard.calls().filter((call) => call.includes(' push '));
  assert.equal(pushes.length, 1);
  assert.match(pushes[0]!, / docker:\/\/registry\.example\/app:seaworthy-018f $/);
  assert.match(yard.calls()[0]!, new RegExp(`base\\.digest=${request.base.digest}`));
});

test('a build that runs is found by who comes after a crash, and no other is begun', async (context) => {
  const { yard, pipeline, another, work, ended } = setUp(context);
  const { reached, open } = gate(yard, work());
  const handle = await pipeline.start(request, never);
  await reached();
  assert.deepEqual(await another().start(request, never), handle);
  assert.equal((await another().follow(handle, never)).state, 'running');
  open();
  await ended();
  assert.equal((await another().follow(handle, never)).state, 'succeeded');
  assert.deepEqual(await another().start(request, never), handle);
  assert.equal(yard.calls().length, 2);
});

test('a build that was killed is begun anew, but not for ever', async (context) => {
  const { yard, pipeline, work } = setUp(context);
  const { reached } = gate(yard, work());
  const handle = await pipeline.start(request, never);
  for (let attempt = 1; attempt <= 4; attempt++) {
    await reached();
    const pid = Number(readFileSync(join(work(), 'pid'), 'utf8'));
    process.kill(-pid, 'SIGKILL');
    await gone(pid);
    const look = await pipeline.follow(handle, never);
    assert.equal(look.state, attempt < 4 ? 'running' : 'failed', `attempt ${attempt}`);
  }
  assert.equal(yard.calls().length, 4);
});

/** Its parent is this process, which takes note of its end when it comes to it. */
async function gone(pid: number): Promise<void> {
  const end = Date.now() + 10_000;
  while (existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '') {
    assert.ok(Date.now() < end, `expected ${pid} to end, got that it runs`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a build that fails says why by the end of its output, of which no more is kept', async (context) => {
  const { yard, pipeline, work, ended } = setUp(context);
  yard.onBuild(`yes padding | head -c 300000; printf 'npm ERR! \\033[31mno such script\\n'; exit 7`);
  const handle = await pipeline.start(request, never);
  await ended();
  const look = await pipeline.follow(handle, never);
  assert.equal(look.state, 'failed');
  assert.match((look as { text: string }).text, /^buildah ended with 7: .*npm ERR! {2}\[31mno such script$/);
  assert.ok((look as { text: string }).text.length < 1000);
  assert.equal(readFileSync(join(work(), 'log')).length, 64 << 10);
});

test('a registry that dies in the middle of an answer is tried again later', async (context) => {
  for (const said of ['Get \\"https://10.0.0.1/v2/\\": EOF', 'write tcp 10.0.0.1:443: write: broken pipe']) {
    const { yard, pipeline, ended } = setUp(context);
    yard.onBuild(`echo "Error: pushing image: ${said}"; exit 125`);
    const handle = await pipeline.start(request, never);
    await ended();
    const look = await pipeline.follow(handle, never);
    assert.match('text' in look ? look.text : '', /(?:EOF|broken pipe); it is tried again$/);
  }
});

test('a build that failed while its server was down is begun once more, by the next server', async (context) => {
  const { yard, pipeline, another, ended } = setUp(context);
  yard.onBuild('echo "something of the registry’s"; exit 125');
  const handle = await pipeline.start(request, never);
  await ended();
  const next = another();
  const look = await next.follow(handle, never);
  assert.match('text' in look ? look.text : '', /it is tried again$/);
  assert.equal((await next.follow(handle, never)).state, 'running');
  await ended();
  assert.equal((await next.follow(handle, never)).state, 'failed', 'the Dockerfile fails for this one, too');
});

test('a registry that is away is tried again later', async (context) => {
  const { yard, time, pipeline, ended } = setUp(context);
  yard.onBuild('echo "dial tcp 10.0.0.1:443: connect: connection refused"; exit 125');
  const handle = await pipeline.start(request, never);
  await ended();
  const look = await pipeline.follow(handle, never);
  assert.match('text' in look ? look.text : '', /connection refused; it is tried again$/);
  assert.equal((await pipeline.follow(handle, never)).state, 'running');
  assert.equal(yard.calls().length, 1);
  yard.onBuild('true');
  time.now += 31_000;
  await pipeline.follow(handle, never);
  await ended();
  assert.equal((await pipeline.follow(handle, never)).state, 'succeeded');
});

test('no more builds run than are allowed; the next waits for its turn', async (context) => {
  const { yard, pipeline, work, ended } = setUp(context, { atOnce: 1 });
  const { reached, open } = gate(yard, work());
  await pipeline.start(request, never);
  await reached();
  const next = await pipeline.start({ ...request, id: 'next' }, never);
  const look = await pipeline.follow(next, never);
  assert.deepEqual(look, { state: 'running', text: 'it waits for its turn' });
  open();
  await ended();
  yard.onBuild('true');
  await pipeline.follow(next, never);
  await ended('next');
  assert.equal((await pipeline.follow(next, never)).state, 'succeeded');
});

test('a build that is cancelled is ended with all it started', async (context) => {
  const { yard, pipeline, work } = setUp(context);
  const { reached } = gate(yard, work());
  const handle = await pipeline.start(request, never);
  await reached();
  const pid = Number(readFileSync(join(work(), 'pid'), 'utf8'));
  await pipeline.cancel(handle, never);
  await gone(pid);
  assert.deepEqual([existsSync(work()), yard.calls().length], [false, 1]);
});

test('a build gets none of our secrets, and logins for its own registries only while it runs', async (context) => {
  const { yard, pipeline, work, ended } = setUp(context, {
    env: { SEAWORTHY_PASSWORD: 'secret', AZURE_CLIENT_SECRET: 'secret', https_proxy: 'http://proxy:3128' },
    credentials: async (domain, repository) => ({
      kind: 'basic',
      username: `${domain}/${repository}`,
      password: 'p',
    }),
  });
  yard.onBuild(`cp ${work()}/auth.json ${work()}/seen.json`);
  await pipeline.start(request, never);
  await ended();
  const { auths } = JSON.parse(readFileSync(join(work(), 'seen.json'), 'utf8'));
  assert.deepEqual(Object.keys(auths), ['registry.example/app', 'registry.example/base']);
  assert.equal(existsSync(join(work(), 'auth.json')), false);
  const environment = readFileSync(join(yard.context, '..', 'environment'), 'utf8');
  assert.doesNotMatch(environment, /secret/);
  assert.match(environment, /https_proxy/);
});

test('an id never becomes a path', async (context) => {
  const { yard, pipeline, ended } = setUp(context);
  await pipeline.start(request, never);
  await ended();
  assert.deepEqual(readdirSync(yard.home.root), ['builds']);
  assert.match(readdirSync(yard.home.dir('builds')).join(), /^[0-9a-f]{32}$/);
});

test('commands for another platform need an emulator, and that is said before anything runs', async (context) => {
  const { yard, pipeline } = setUp(context);
  writeFileSync(join(yard.context, 'Dockerfile'), 'FROM registry.example/base:12\nRUN true\n');
  const foreign = { ...request, platforms: ['linux/amd64', 'linux/mips64le'] };
  await assert.rejects(
    pipeline.start(foreign, never),
    (error: PipelineFault) => error.code === 'build-impossible' && /mips64le/.test(error.message),
  );
  assert.deepEqual(yard.calls(), []);
});

test('a context that is not there, and a machine without buildah, are found by the probe', async (context) => {
  const { another, pipeline } = setUp(context);
  await pipeline.probe(never);
  const code = (wanted: string) => (error: PipelineFault) => error.code === wanted;
  await assert.rejects(another({ context: '/nowhere' }).probe(never), code('build-impossible'));
  await assert.rejects(another({ dockerfile: '../calls' }).probe(never), code('build-impossible'));
  await assert.rejects(another({ env: { PATH: '/nowhere' } }).probe(never), code('buildah-missing'));
});
