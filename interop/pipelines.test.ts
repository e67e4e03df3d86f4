// Pipelines killed at every point: one run is started, and followed. buildah for real: what it built stands on the
// digest that it was asked for, by skopeo's reading.
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { openHome, systemClock } from '../src/core/index.ts';
import { digestOf } from '../src/image/index.ts';
import { createClient } from '../src/net/index.ts';
import { basicAccess, createRegistry } from '../src/registry/index.ts';
import {
  type BuildahOptions,
  type BuildRequest,
  buildah,
  type RunState,
} from '../src/renewal/pipeline/index.ts';
import { AzurePipelines } from '../src/testing/azurepipelines.ts';
import { changed } from '../src/testing/builds.ts';
import { createAuthority } from '../src/testing/certificate.ts';
import { makeImage, type TarFile, writeLayout } from '../src/testing/images.ts';
import { Jenkins } from '../src/testing/jenkins.ts';
import { listenApp, listenHandler } from '../src/testing/listen.ts';
import { openYard } from '../src/testing/yard.ts';
import { type Credentials, copyImage, fromLayout, openRegistry, toRegistry } from '../src/transport/index.ts';
import { root, sh } from './peers.ts';

const never = new AbortController().signal;
const names = ['renewalId', 'image', 'tag', 'stagingTag', 'base', 'baseDigest', 'platforms'];
const jenkinsNames = ['RENEWAL_ID', 'IMAGE', 'TAG', 'STAGING_TAG', 'BASE', 'BASE_DIGEST', 'PLATFORMS'];

function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'seaworthy-pipelines-'));
  context.after(() => rmSync(made, { recursive: true, force: true, maxRetries: 10 }));
  return made;
}

function requestOn(host: string, digest: string): BuildRequest {
  return {
    id: '018f-renewal',
    image: `${host}/app`,
    stagingTag: 'seaworthy-staging',
    tag: 'v1',
    base: { image: `${host}/base`, tag: '12', digest },
    platforms: ['linux/amd64'],
  };
}

const somewhere = requestOn('registry.example', `sha256:${'b'.repeat(64)}`);

function client(order: Record<string, unknown>): ChildProcess {
  const child = spawn(process.execPath, [join(root, 'interop/pipelineclient.ts'), JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout!.setEncoding('utf8');
  return child;
}

/** Everything it said, and whether it was killed. */
async function ended(child: ChildProcess): Promise<{ last: RunState | undefined; killed: boolean }> {
  const exit = once(child, 'exit');
  const lines = (await child.stdout!.toArray()).join('').split('\n').filter(Boolean);
  const [, signal] = (await exit) as [number | null, string | null];
  return {
    last: lines.length === 0 ? undefined : (JSON.parse(lines.at(-1)!) as RunState),
    killed: signal === 'SIGKILL',
  };
}

test('Azure Pipelines: a client killed before, in and after the start, and while following, starts one run', async (context) => {
  const service = new AzurePipelines({ parameters: names, token: 'pat', pipeline: 7 });
  const at = `http://${await listenHandler(service.handler, context)}`;
  const order = { kind: 'azure', at, home: folder(context), request: somewhere, dies: false };
  let victim = client(order);
  // before the start: at its first look
  service.instead.push((request) => {
    victim.kill('SIGKILL');
    request.destroy();
  });
  assert.equal((await ended(victim)).killed, true);
  assert.equal(service.runs.length, 0);
  // the service has the run, the client not yet its answer
  victim = client(order);
  service.started = async () => {
    victim.kill('SIGKILL');
    await once(victim, 'exit');
  };
  assert.equal((await ended(victim)).killed, true);
  service.started = () => {};
  assert.equal(service.runs.length, 1);
  // the client has the answer, and has not saved it
  assert.equal((await ended(client({ ...order, dies: true }))).killed, true);
  // while it follows
  victim = client(order);
  await once(victim.stdout!, 'data');
  victim.kill('SIGKILL');
  assert.equal((await ended(victim)).killed, true);
  service.finish(service.runs[0]!.id, 'succeeded');
  assert.equal((await ended(client(order))).last?.state, 'succeeded');
  assert.deepEqual([service.runs.length, service.violations], [1, []]);
});

test('Jenkins: a client killed before, in and after the start, and while following, queues one build', async (context) => {
  const service = new Jenkins({
    job: 'job/team/job/app',
    parameters: jenkinsNames,
    user: 'seaworthy',
    password: 'password',
    rootUrl: 'http://ci.elsewhere.example',
  });
  const at = `http://${await listenHandler(service.handler, context)}`;
  const order = { kind: 'jenkins', at, home: folder(context), request: somewhere, dies: false };
  let victim = client(order);
  service.queued = async () => {
    victim.kill('SIGKILL');
    await once(victim, 'exit');
  };
  assert.equal((await ended(victim)).killed, true);
  service.queued = () => {};
  assert.equal((await ended(client({ ...order, dies: true }))).killed, true);
  victim = client(order);
  await once(victim.stdout!, 'data');
  victim.kill('SIGKILL');
  assert.equal((await ended(victim)).killed, true);
  // Jenkins restarts with it in the queue, then again under the build, which goes on
  service.restart();
  service.release();
  victim = client(order);
  await once(victim.stdout!, 'data');
  service.restart();
  victim.kill('SIGKILL');
  await ended(victim);
  const last = ended(client(order));
  service.finish(1, 'SUCCESS');
  assert.equal((await last).last?.state, 'succeeded');
  assert.equal(service.builds.length, 1);
});

test('the Azure template is valid by Microsoft’s schema, the Jenkinsfile is Groovy', () => {
  const templates = join(root, 'deploy/pipelines');
  sh(
    `[ -x "$PEERS/check-jsonschema/bin/check-jsonschema" ] || {
      python3 -m venv "$PEERS/check-jsonschema" && "$PEERS/check-jsonschema/bin/pip" -q install check-jsonschema==0.39.0 >&2; }
    "$PEERS/check-jsonschema/bin/check-jsonschema" --regex-variant python --builtin-schema vendor.azure-pipelines \
      --data-transform azure-pipelines "${templates}/azure-pipelines.yml"`,
  );
  const made = sh(
    `groovy=$(find "$HOME/.m2" -name groovy-all-2.4.21.jar 2>/dev/null | head -1 || true)
    [ -n "$groovy" ] || mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get \
      -Dartifact=org.codehaus.groovy:groovy-all:2.4.21 -Dtransitive=false >&2
    groovy=$(find "$HOME/.m2" -name groovy-all-2.4.21.jar 2>/dev/null | head -1 || true)
    java -cp "$groovy" groovy.ui.GroovyMain -e 'new GroovyShell().parse(new File(args[0])); println("parses");' "${templates}/Jenkinsfile"`,
  );
  assert.equal(made, 'parses\n');
});

const busybox: TarFile[] = [
  { path: 'bin/busybox', data: readFileSync('/bin/busybox'), mode: 0o755 },
  { path: 'bin/sh', type: '2', linkname: 'busybox' },
  { path: 'etc/motd', data: 'base' },
];

interface World {
  host: string;
  request: BuildRequest;
  base: { diffIds: string[] };
  context: string;
  home: string;
  pipeline(more?: Partial<BuildahOptions>): ReturnType<typeof buildah>;
  push: Awaited<ReturnType<typeof openYard>>['push'];
}

/** A base in our own registry, and a Dockerfile of two stages on it. */
async function buildWorld(context: TestContext): Promise<World> {
  const yard = await openYard(context);
  const base = makeImage({ layers: [busybox, [{ path: 'etc/release', data: '12.1' }]] });
  const { digest } = await yard.push('base', [base], '12');
  const made = folder(context);
  const source = join(made, 'context');
  mkdirSync(source);
  writeFileSync(
    join(source, 'Dockerfile'),
    `FROM ${yard.host}/base:12 AS build
RUN echo built > /made
FROM ${yard.host}/base:12
COPY --from=build /made /made
RUN echo "$(/bin/busybox cat /made) on $(/bin/busybox cat /etc/release)" > /ran
ENV A=b
`,
  );
  return {
    host: yard.host,
    request: requestOn(yard.host, digest),
    base,
    context: source,
    home: join(made, 'home'),
    push: yard.push,
    pipeline: (more = {}) =>
      buildah({
        home: openHome(join(made, 'home'), {}),
        env: process.env,
        clock: systemClock,
        context: source,
        ...more,
      }),
  };
}

function work({ home }: World): string {
  return join(home, 'builds', readdirSync(join(home, 'builds'))[0]!, 'work');
}

const done = (world: World) => changed(work(world), () => existsSync(join(work(world), 'exit')));

async function built(
  world: World,
  more: Partial<BuildahOptions> = {},
  request = world.request,
): Promise<RunState> {
  const pipeline = world.pipeline(more);
  const handle = await pipeline.start(request, never);
  await done(world);
  return pipeline.follow(handle, never);
}

/** Never synchronous: the registry is in this process. */
async function bash(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    timeout: 60_000,
  });
  return stdout;
}

async function skopeo(what: string, reference: string): Promise<Record<string, unknown>> {
  return JSON.parse(await bash(`skopeo inspect --tls-verify=false ${what} "docker://${reference}"`));
}

test('buildah: an image of two stages is built on the digest that was asked for, not on what the tag names meanwhile', async (context) => {
  const world = await buildWorld(context);
  await world.push('base', [makeImage({ layers: [busybox, [{ path: 'etc/release', data: 'evil' }]] })], '12');
  const look = await built(world);
  assert.equal(look.state, 'succeeded', JSON.stringify(look));
  const reference = `${world.host}/app:seaworthy-staging`;
  const { Digest, RepoTags, Labels } = (await skopeo('', reference)) as Record<string, never>;
  assert.equal('digest' in look && look.digest, Digest);
  assert.deepEqual(RepoTags, ['seaworthy-staging']);
  assert.equal(Labels?.['org.opencontainers.image.base.digest'], world.request.base.digest);
  const config = (await skopeo('--config', reference)) as {
    rootfs: { diff_ids: string[] };
    config: { Env: string[] };
  };
  assert.deepEqual(config.rootfs.diff_ids.slice(0, 2), world.base.diffIds);
  assert.ok(config.config.Env.includes('A=b'));
  const layout = join(world.home, 'pulled');
  await bash(`skopeo copy -q --src-tls-verify=false "docker://${reference}" "dir:${layout}"
    mkdir "${layout}/root"; for layer in $(python3 -c 'import json,sys; print(*[l["digest"].split(":")[1] for l in json.load(open(sys.argv[1]))["layers"]])' "${layout}/manifest.json")
    do tar -xzf "${layout}/$layer" -C "${layout}/root"; done`);
  assert.equal(readFileSync(join(layout, 'root/ran'), 'utf8'), 'built on 12.1\n');
  assert.deepEqual(readdirSync(work(world)).sort(), [
    'Dockerfile',
    'build.sh',
    'digest',
    'exit',
    'log',
    'pid',
    'registries.conf',
  ]);
});

test('buildah: two builds of one source and date are one digest', async (context) => {
  const world = await buildWorld(context);
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000' };
  const one = await built(world, { env });
  rmSync(join(world.home, 'builds'), { recursive: true });
  const other = await built(world, { env });
  assert.equal('digest' in one && one.digest, 'digest' in other && other.digest);
});

test('buildah: a list of two platforms where no command runs', async (context) => {
  const world = await buildWorld(context);
  const arm = { os: 'linux', architecture: 'arm64' };
  const { digest } = await world.push(
    'base',
    [makeImage({ layers: [busybox] }), makeImage({ layers: [busybox, []], platform: arm })],
    '12',
  );
  writeFileSync(join(world.context, 'Dockerfile'), `FROM ${world.host}/base:12\nCOPY Dockerfile /d\n`);
  const look = await built(
    world,
    {},
    {
      ...world.request,
      base: { ...world.request.base, digest },
      platforms: ['linux/amd64', 'linux/arm64'],
    },
  );
  assert.equal(look.state, 'succeeded', JSON.stringify(look));
  const { manifests } = (await skopeo('--raw', `${world.host}/app:seaworthy-staging`)) as {
    manifests: { platform: { architecture: string } }[];
  };
  const raw = await bash(
    `skopeo inspect --tls-verify=false --raw "docker://${world.host}/app:seaworthy-staging"`,
  );
  assert.equal('digest' in look && look.digest, digestOf(Buffer.from(raw)));
  assert.deepEqual(manifests.map(({ platform }) => platform.architecture).sort(), ['amd64', 'arm64']);
});

test('buildah: one commit of a repository is built, and named', async (context) => {
  const world = await buildWorld(context);
  sh(`cd "${world.context}" && mkdir sub && mv Dockerfile sub/ && git init -q -b main . && git add . \
    && git -c user.name=t -c user.email=t@example.com commit -q -m one && echo broken > sub/Dockerfile`);
  const commit = execFileSync('git', ['-C', world.context, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  for (const [source, ref] of [
    [world.context, 'main'],
    [`file://${world.context}`, commit],
  ] as const) {
    rmSync(join(world.home, 'builds'), { recursive: true, force: true });
    const look = await built(world, { context: source, ref, directory: 'sub' });
    assert.equal(look.state, 'succeeded', JSON.stringify(look));
    const { Labels } = (await skopeo('', `${world.host}/app:seaworthy-staging`)) as {
      Labels: Record<string, string>;
    };
    assert.equal(Labels['org.opencontainers.image.revision'], commit);
  }
  assert.equal(
    execFileSync('git', ['-C', world.context, 'status', '--short'], { encoding: 'utf8' }),
    ' M sub/Dockerfile\n',
  );
});

test('buildah: a broken Dockerfile says its last words, and pushes nothing', async (context) => {
  const world = await buildWorld(context);
  writeFileSync(
    join(world.context, 'Dockerfile'),
    `FROM ${world.host}/base:12\nRUN echo the reason; exit 3\n`,
  );
  const look = await built(world);
  assert.equal(look.state, 'failed');
  assert.match((look as { text: string }).text, /the reason .*exit status 3/);
  await assert.rejects(skopeo('', `${world.host}/app:seaworthy-staging`));
});

test('buildah: a base that is gone is a failure, a registry that is away is tried again', async (context) => {
  const world = await buildWorld(context);
  const gone = { ...world.request, base: { ...world.request.base, digest: `sha256:${'0'.repeat(64)}` } };
  assert.equal((await built(world, {}, gone)).state, 'failed');
  rmSync(join(world.home, 'builds'), { recursive: true });
  const away = requestOn('127.0.0.1:9', world.request.base.digest);
  writeFileSync(join(world.context, 'Dockerfile'), 'FROM 127.0.0.1:9/base:12\n');
  const look = await built(world, {}, away);
  assert.match('text' in look ? look.text : '', /connection refused.*it is tried again$/);
});

test('buildah: a registry of a private authority is logged in to, for this build alone', async (context) => {
  const world = await buildWorld(context);
  const authority = createAuthority();
  const caFile = join(folder(context), 'ca.pem');
  writeFileSync(caFile, authority.cert);
  const app = createRegistry({
    https: authority.issue([hostname()]),
    access: basicAccess('user', 'word'),
  });
  // by its name, which is no loopback address
  const host = (await listenApp(app, context)).replace('127.0.0.1', hostname());
  const credentials: Credentials = async (domain) =>
    domain === host ? { kind: 'basic', username: 'user', password: 'word' } : undefined;
  const http = createClient({ env: {}, caFile });
  context.after(() => http.close());
  const layout = folder(context);
  writeLayout(layout, [{ images: [makeImage({ layers: [busybox] })], tag: 'x' }]);
  const to = toRegistry(openRegistry(host, { http, credentials }), 'base');
  const digest = await copyImage(fromLayout(layout, 'x'), to, { tag: '12' });
  writeFileSync(join(world.context, 'Dockerfile'), `FROM ${host}/base:12\nCOPY Dockerfile /d\n`);
  const expected: [Partial<BuildahOptions>, RegExp][] = [
    [{ caFile }, /unauthorized|authentication required/i],
    [{ credentials }, /unknown authority/],
    [{ caFile, credentials }, /^sha256:/],
  ];
  for (const [options, said] of expected) {
    const look = await built(world, options, requestOn(host, digest));
    const text = 'text' in look ? look.text : 'digest' in look ? look.digest! : '';
    assert.match(text, said);
    assert.equal(existsSync(join(work(world), 'auth.json')), false);
    rmSync(join(world.home, 'builds'), { recursive: true });
  }
});

test('buildah: a client killed while it builds leaves a build that the next one follows', async (context) => {
  const world = await buildWorld(context);
  writeFileSync(
    join(world.context, 'Dockerfile'),
    `FROM ${world.host}/base:12\nCOPY Dockerfile /one\nRUN /bin/busybox sleep 2\n`,
  );
  const order = { kind: 'buildah', at: world.context, home: world.home, request: world.request, dies: false };
  mkdirSync(world.home, { recursive: true });
  const victim = client(order);
  await once(victim.stdout!, 'data');
  victim.kill('SIGKILL');
  assert.equal((await ended(victim)).killed, true);
  const pid = readFileSync(join(work(world), 'pid'), 'utf8');
  const { last } = await ended(client(order));
  assert.equal(last?.state, 'succeeded', JSON.stringify(last));
  assert.equal(readFileSync(join(work(world), 'pid'), 'utf8'), pid);
});
