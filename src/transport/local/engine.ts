// A local container engine over its socket: Docker's, or `podman system service`, which speaks the same API.
import { createWriteStream, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { defaultLimits, type Home, type Limits, messageOf } from '../../core/index.ts';
import { type HttpClient, type HttpResponse, NetFault } from '../../net/index.ts';
import { LocalFault } from './fault.ts';

export interface Engine {
  socket: string;
}

/** The sockets to ask, in order: what the environment names, else the usual places that exist. */
export function engineSockets(env: NodeJS.ProcessEnv, home: string = homedir()): Engine[] {
  const named = [env['DOCKER_HOST'] ?? '', env['CONTAINER_HOST'] ?? ''].filter((host) => host !== '');
  const runtime = env['XDG_RUNTIME_DIR'];
  const usual = [
    '/var/run/docker.sock',
    ...(runtime ? [join(runtime, 'docker.sock')] : []),
    join(home, '.docker/run/docker.sock'),
    ...(runtime ? [join(runtime, 'podman/podman.sock')] : []),
    '/run/podman/podman.sock',
  ];
  const paths = named.length > 0 ? named.flatMap((host) => /^unix:\/\/(\/.*)$/.exec(host)?.[1] ?? []) : usual;
  return [...new Set(paths)].filter(isSocket).map((socket) => ({ socket }));
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

/** The first engine that has the image; engines that do not answer are passed over. */
export async function engineWith(
  engines: readonly Engine[],
  name: string,
  http: HttpClient,
): Promise<Engine | undefined> {
  for (const engine of engines) {
    try {
      const response = await ask(engine, `/images/${pathOf(name)}/json`, http, 10_000);
      await response.discard();
      if (response.status === 200) return engine;
    } catch (error) {
      if (!(error instanceof NetFault)) throw error;
    }
  }
  return undefined;
}

export interface Exported {
  /** A `docker save` archive. */
  path: string;
  remove(): Promise<void>;
}

/** Exports an image into a file under the home. Throws LocalFault `engine-failed`, `image-not-here`. */
export async function exportImage(
  engine: Engine,
  name: string,
  http: HttpClient,
  home: Home,
  limits: Pick<Limits, 'layerBytes'> = defaultLimits,
): Promise<Exported> {
  const response = await ask(engine, `/images/${pathOf(name)}/get`, http, 600_000);
  if (response.status === 404) {
    await response.discard();
    throw new LocalFault('image-not-here', `expected ${name} in the engine at ${engine.socket}, got none`);
  }
  if (response.status !== 200)
    throw new LocalFault(
      'engine-failed',
      `expected the engine at ${engine.socket} to export ${name}, got ${await complaint(response)}`,
    );
  const folder = await mkdtemp(join(home.dir('tmp'), 'export-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const path = join(folder, 'image.tar');
    await pipeline(
      bounded(response, limits.layerBytes),
      createWriteStream(path, { mode: 0o600, flags: 'wx' }),
    );
    return { path, remove };
  } catch (cause) {
    await remove();
    if (cause instanceof LocalFault) throw cause;
    throw new LocalFault(
      'engine-failed',
      `expected the whole of ${name} from the engine, got: ${messageOf(cause)}`,
      { cause },
    );
  }
}

async function* bounded(response: HttpResponse, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > limit)
      throw new LocalFault('engine-failed', `expected an image of at most ${limit} bytes, got more`);
    yield chunk;
  }
}

function ask(engine: Engine, path: string, http: HttpClient, headers: number): Promise<HttpResponse> {
  return http.request({
    url: `http://localhost${path}`,
    via: { socket: engine.socket },
    retries: 0,
    timeouts: { headers },
  });
}

/** The engine's own error message, `{"message": …}`. */
async function complaint(response: HttpResponse): Promise<string> {
  const text = (await response.text(64 << 10)).slice(0, 300);
  return `status ${response.status}: ${text}`;
}

/** References hold no character that a path must escape, but what a user typed may. */
function pathOf(name: string): string {
  return name
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll('%3A', ':').replaceAll('%40', '@'))
    .join('/');
}
