// Builds on this machine with buildah: one process for each build, pinned to the digest that was found to be allowed,
// pushed to the staging tag and nowhere else. A build has no other effect, so one that broke off is begun anew.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock, Home } from '../../core/index.ts';
import { parseReference } from '../../image/index.ts';
import { isLoopbackHost } from '../../net/index.ts';
import type { Credentials } from '../../transport/index.ts';
import { plain } from './answer.ts';
import { type BuildContext, type BuildSource, openContext } from './buildcontext.ts';
import { buildScript } from './buildscript.ts';
import {
  buildDirectory,
  endBuild,
  freshWork,
  lastStep,
  lookAtBuild,
  type Order,
  startScript,
  writeOrder,
} from './buildstate.ts';
import { type PinnedDockerfile, type PinOptions, pinDockerfile } from './dockerpin.ts';
import { PipelineFault } from './fault.ts';
import type { Pipeline, RunHandle, RunState } from './pipeline.ts';

export interface BuildahOptions extends BuildSource, PinOptions {
  home: Home;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** For the image and everything it is built from; what the machine's own files say when left out. */
  credentials?: Credentials;
  caFile?: string;
  /** HTTP with every registry of the build; with this machine's own it is tried anyway. */
  plainHttp?: boolean;
  /** Builds at a time. */
  atOnce?: number;
}

const attempts = 4;
const retryAfter = 30_000;
/** Ms that a build's log is kept. */
const keptFor = 7 * 86_400_000;
/** What the network did, not the Dockerfile. */
const isAway =
  /connection refused|connection reset|broken pipe|use of closed network connection|i\/o timeout|no such host|no route to host|network is unreachable|TLS handshake timeout|status(?: code)?:? (?:429|50[0234])|unexpected EOF|: EOF$|server misbehaving/im;

export function buildah(options: BuildahOptions): Pipeline {
  const builds = options.home.dir('builds');
  const env = environmentOf(options);
  let beginning = 0;
  /** Builds that this process began: it was there all the time, and with it the registry that may be its own. */
  const own = new Set<string>();

  const hasRoom = () => {
    const running = readdirSync(builds).filter((one) => lookAtBuild(join(builds, one))?.state === 'running');
    return running.length + beginning < (options.atOnce ?? 2);
  };

  async function begin(directory: string, order: Order, signal: AbortSignal): Promise<void> {
    beginning++;
    own.add(order.request.id);
    try {
      writeOrder(directory, { ...order, attempt: order.attempt + 1 });
      const work = freshWork(directory);
      const context = await openContext(options, join(work, 'context'), options.env, signal);
      const { base, platforms } = order.request;
      const pinned = pinDockerfile(context.dockerfile, base, options);
      checkPlatforms(platforms, pinned);
      await startScript(work, await prepare(work, order, context, pinned), env);
    } finally {
      beginning--;
    }
  }

  /** Everything that the script reads; gives the script. */
  async function prepare(
    work: string,
    { request }: Order,
    context: BuildContext,
    pinned: PinnedDockerfile,
  ): Promise<string> {
    writeFileSync(join(work, 'Dockerfile'), pinned.text);
    const images = [request.image, ...pinned.images];
    const registries = registriesFor(images, options);
    if (registries !== undefined) writeFileSync(join(work, 'registries.conf'), registries);
    const logins =
      options.credentials === undefined ? undefined : await loginsFor(images, options.credentials);
    if (logins !== undefined) writeFileSync(join(work, 'auth.json'), logins, { mode: 0o600 });
    const now = Math.floor(options.clock.now().getTime() / 1000);
    const epoch = /^\d{1,11}$/.exec(options.env['SOURCE_DATE_EPOCH'] ?? '')?.[0];
    return buildScript({
      directory: work,
      context: context.directory,
      destination: `${request.image}:${request.stagingTag}`,
      platforms: request.platforms,
      labels: {
        'org.opencontainers.image.base.name': `${request.base.image}:${request.base.tag}`,
        'org.opencontainers.image.base.digest': request.base.digest,
        ...(context.commit === undefined ? {} : { 'org.opencontainers.image.revision': context.commit }),
      },
      args: options.args ?? {},
      target: options.target,
      ignoreFile: context.ignoreFile,
      timestamp: epoch === undefined ? (context.date ?? now) : Number(epoch),
      format: pinned.needsDockerFormat ? 'docker' : 'oci',
      isolation: options.env['BUILDAH_ISOLATION'] ?? 'chroot',
      storageDriver: options.env['STORAGE_DRIVER'] ?? 'vfs',
      hasCredentials: logins !== undefined,
      hasRegistries: registries !== undefined,
    });
  }

  /** What nobody looked at for long goes, unless it runs. */
  function sweep(): void {
    const now = options.clock.now().getTime();
    for (const one of readdirSync(builds)) {
      const directory = join(builds, one);
      if (now - (lastStep(directory) ?? now) > keptFor && lookAtBuild(directory)?.state !== 'running')
        rmSync(directory, { recursive: true, force: true });
    }
  }

  return {
    kind: 'buildah',
    async start(request, signal) {
      const directory = buildDirectory(builds, request.id);
      if (lookAtBuild(directory) === undefined) {
        sweep();
        const order = { request, attempt: 0, notBefore: 0 };
        writeOrder(directory, order);
        if (hasRoom()) await begin(directory, order, signal);
      }
      return { id: request.id };
    },
    async follow(handle, signal): Promise<RunState> {
      const directory = buildDirectory(builds, idOf(handle));
      const look = lookAtBuild(directory);
      if (look === undefined)
        return {
          state: 'failed',
          text: 'this server knows nothing of the build: it runs on the server that began it',
        };
      if (look.state === 'running') return { state: 'running', text: 'it builds' };
      const { order } = look;
      const now = options.clock.now().getTime();
      if (look.state === 'ended') {
        if (look.code === 0 && /^sha256:[0-9a-f]{64}$/.test(look.digest))
          return { state: 'succeeded', digest: look.digest };
        const text = `buildah ended with ${look.code}: ${lastWords(look.log)}`;
        const wasAlone = !own.has(order.request.id);
        if (!(wasAlone || isAway.test(look.log.slice(-2000))) || order.attempt >= attempts)
          return { state: 'failed', text };
        freshWork(directory);
        writeOrder(directory, { ...order, notBefore: wasAlone ? now : now + retryAfter * order.attempt });
        return { state: 'running', text: `${text}; it is tried again` };
      }
      if (order.attempt >= attempts)
        return { state: 'failed', text: `it was begun ${order.attempt} times and broke off each time` };
      if (now < order.notBefore || !hasRoom()) return { state: 'running', text: 'it waits for its turn' };
      await begin(directory, order, signal);
      return { state: 'running', text: 'it builds' };
    },
    async cancel(handle) {
      const directory = buildDirectory(builds, idOf(handle));
      endBuild(directory);
      if (lookAtBuild(directory)?.state !== 'ended') rmSync(directory, { recursive: true, force: true });
    },
    async probe(signal) {
      await checkBuildah(env, signal);
      const scratch = mkdtempSync(join(tmpdir(), 'seaworthy-build-'));
      try {
        await openContext(options, join(scratch, 'context'), options.env, signal);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  };
}

async function checkBuildah(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)('buildah', ['--version'], { env, signal, timeout: 60_000 });
  } catch (cause) {
    signal.throwIfAborted();
    throw new PipelineFault('buildah-missing', 'expected buildah to run, got that it does not', {
      hint: 'Install buildah 1.28 or later and put it on the PATH: apt-get install buildah',
      cause,
    });
  }
}

function idOf(handle: RunHandle): string {
  if (typeof handle['id'] !== 'string') throw new Error('a handle without an id');
  return handle['id'];
}

/** The end of a log, where the reason stands. */
function lastWords(log: string): string {
  const text = plain(log.split('\n').slice(-12).join(' | '), 1 << 20);
  return text === '' ? 'no output' : text.slice(-800);
}

/** What a build gets of our environment: never our own secrets. */
const passedOn =
  /^(?:PATH|HOME|USER|LOGNAME|TMPDIR|LANG|LC_\w+|XDG_\w+|SSL_CERT_\w+|DOCKER_CONFIG|REGISTRY_AUTH_FILE|(?:https?|no|all)_proxy|BUILDAH_\w+|STORAGE_\w+|CONTAINERS_\w+)$/i;

function environmentOf({ env, caFile }: BuildahOptions): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(env).filter(([name]) => passedOn.test(name))),
    ...(caFile === undefined ? {} : { SSL_CERT_FILE: caFile }),
  };
}

/** The machine's own file, and registries of its own that speak HTTP; undefined where there are none. */
function registriesFor(images: readonly string[], { env, plainHttp }: BuildahOptions): string | undefined {
  const domains = [...new Set(images.map((one) => parseReference(one).domain))].filter(
    (domain) => plainHttp === true || isLoopbackHost(URL.parse(`http://${domain}`)?.hostname ?? ''),
  );
  if (domains.length === 0) return undefined;
  const usual = [
    env['CONTAINERS_REGISTRIES_CONF'],
    env['HOME'] && join(env['HOME'], '.config/containers/registries.conf'),
    '/etc/containers/registries.conf',
  ].find((file) => file !== undefined && existsSync(file));
  const own = usual === undefined ? '' : readFileSync(usual, 'utf8');
  // the first form of that file cannot stand beside the second
  const kept = /^\s*\[registries\./m.test(own) ? '' : `${own}\n`;
  const tables = domains.map((domain) => `[[registry]]\nlocation = "${domain}"\ninsecure = true\n`);
  return `${kept}${tables.join('\n')}`;
}

/** As podman writes it; undefined where nobody is to be logged in. */
async function loginsFor(images: readonly string[], credentials: Credentials): Promise<string | undefined> {
  const auths: Record<string, unknown> = {};
  for (const image of images) {
    const { domain, repository } = parseReference(image);
    const found = await credentials(domain, repository);
    const key = `${domain}/${repository}`;
    if (found?.kind === 'basic')
      auths[key] = { auth: Buffer.from(`${found.username}:${found.password}`).toString('base64') };
    if (found?.kind === 'identity') auths[key] = { auth: '', identitytoken: found.token };
  }
  return Object.keys(auths).length === 0 ? undefined : JSON.stringify({ auths });
}

/** As binfmt_misc names them. */
const emulators: Readonly<Record<string, string>> = {
  amd64: 'qemu-x86_64',
  arm64: 'qemu-aarch64',
  arm: 'qemu-arm',
  ppc64le: 'qemu-ppc64le',
  s390x: 'qemu-s390x',
  riscv64: 'qemu-riscv64',
};

/** Only what runs commands needs a machine of its platform, or one that stands in for it. */
function checkPlatforms(platforms: readonly string[], { runsCommands }: PinnedDockerfile): void {
  const own = process.arch === 'x64' ? 'amd64' : process.arch;
  for (const platform of platforms) {
    const [os, architecture = ''] = platform.split('/');
    const isOwn = architecture === own || (architecture === '386' && own === 'amd64');
    if (os === 'linux' && (!runsCommands || isOwn)) continue;
    if (os === 'linux' && existsSync(`/proc/sys/fs/binfmt_misc/${emulators[architecture] ?? architecture}`))
      continue;
    throw new PipelineFault(
      'build-impossible',
      `expected to run commands of ${platform}, got a machine of linux/${own} without emulation`,
      {
        hint: 'Install qemu-user-static with binfmt-support, build that image in a pipeline, or FROM --platform=$BUILDPLATFORM.',
      },
    );
  }
}
