// Credentials for registries, from the files and helpers that `docker login` and `podman login` write.
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isFault, messageOf, parseJson } from '../../core/index.ts';
import type { Credential, Credentials } from './credential.ts';
import { RemoteFault } from './fault.ts';
import { askHelper } from './helper.ts';

export const anonymous: Credentials = async () => undefined;

interface AuthFile {
  auths: Map<string, unknown>;
  helpers: Map<string, string>;
  store: string | undefined;
}

/**
 * Docker's config.json first, then podman's auth.json. A file is read when first needed and again once it is another
 * one: a Secret that is mounted into a pod is replaced under a process that runs for months.
 */
export function fileCredentials(env: NodeJS.ProcessEnv, home: string = homedir()): Credentials {
  const files = authFiles(env, home);
  const read = new Map<string, { version: string; file: Promise<AuthFile | undefined> }>();
  return async (domain, repository) => {
    for (const path of files) {
      const version = await versionOf(path);
      let known = read.get(path);
      if (known?.version !== version) {
        known = { version, file: version === absent ? Promise.resolve(undefined) : readAuthFile(path) };
        read.set(path, known);
      }
      const contents = await known.file;
      const found = contents && (await credentialIn(contents, domain, repository, env, path));
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

const absent = 'absent';

/** Another text once the file may be another: the kubelet moves a link to a new file, `docker login` a new file over the old. */
async function versionOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (cause) {
    if (isMissing(cause)) return absent;
    throw unreadable(path, cause);
  }
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function authFiles(env: NodeJS.ProcessEnv, home: string): string[] {
  const podman = env['REGISTRY_AUTH_FILE']
    ? [env['REGISTRY_AUTH_FILE']]
    : [
        ...(env['XDG_RUNTIME_DIR'] ? [join(env['XDG_RUNTIME_DIR'], 'containers/auth.json')] : []),
        join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers/auth.json'),
      ];
  return [join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'), ...podman];
}

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw unreadable(path, cause);
  }
  try {
    return parseAuthFile(text);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function parseAuthFile(text: string): AuthFile {
  const object = asMap(parseJson(text));
  const helpers = new Map(
    [...asMap(object.get('credHelpers'))].flatMap(([host, name]) =>
      typeof name === 'string' ? [[host, name] as const] : [],
    ),
  );
  const store = object.get('credsStore');
  return {
    auths: asMap(object.get('auths')),
    helpers,
    store: typeof store === 'string' && store !== '' ? store : undefined,
  };
}

export interface TextCredentials {
  credentials: Credentials;
  /** Hosts, with a path where one was given, as they are compared. */
  keys: readonly string[];
}

/**
 * The credentials in the text of a config.json (or of the older .dockercfg, which is its `auths` alone) that somebody
 * else wrote: helpers that it names are never run. `where` names it in faults. Throws RemoteFault
 * `credentials-unreadable`, without a word of the text.
 */
export function textCredentials(text: string, where: string, form: 'config' | 'dockercfg'): TextCredentials {
  let entries: (readonly [string, Map<string, unknown>])[];
  try {
    const auths = form === 'config' ? parseAuthFile(text).auths : asMap(parseJson(text));
    entries = [...auths].map(([key, entry]) => [plainKey(key), asMap(entry)]);
  } catch (cause) {
    const problem = isFault(cause) ? cause.code : messageOf(cause);
    throw unreadable(where, new Error(`no JSON of credentials (${problem})`));
  }
  const known = new Map<string, Credential>();
  for (const [key, entry] of entries) {
    const credential = parseEntry(entry, key, where);
    if (credential !== undefined && !known.has(key)) known.set(key, credential);
  }
  return {
    credentials: async (domain, repository) => {
      const name = namesOf(domain, repository).find((candidate) => known.has(candidate));
      return name === undefined ? undefined : known.get(name);
    },
    keys: [...known.keys()],
  };
}

async function credentialIn(
  file: AuthFile,
  domain: string,
  repository: string | undefined,
  env: NodeJS.ProcessEnv,
  path: string,
): Promise<Credential | undefined> {
  const names = namesOf(domain, repository);
  for (const name of names) {
    const helper = file.helpers.get(name);
    if (helper !== undefined) return askHelper(helper, serverOf(domain, name), env);
  }
  for (const name of names) {
    const entry = [...file.auths].find(([key]) => plainKey(key) === name)?.[1];
    const credential = entry === undefined ? undefined : parseEntry(asMap(entry), name, path);
    if (credential !== undefined) return credential;
  }
  return file.store === undefined ? undefined : askHelper(file.store, serverOf(domain, domain), env);
}

/**
 * The keys that a registry's credential may be kept under: exact hosts only, never a part of one
 * (CVE-2026-59891 came from matching hosts by substring). Podman narrows keys by repository, longest first.
 */
function namesOf(domain: string, repository: string | undefined): string[] {
  const hosts = domain === 'docker.io' ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [domain];
  const parts = repository?.split('/') ?? [];
  const narrowed = parts.map((_, at) => `${domain}/${parts.slice(0, parts.length - at).join('/')}`);
  return [...narrowed, ...hosts];
}

/** Docker writes keys as URLs too: `https://index.docker.io/v1/`. */
function plainKey(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/(?:v1|v2)?\/?$/, '');
}

function serverOf(domain: string, name: string): string {
  return domain === 'docker.io' ? 'https://index.docker.io/v1/' : name;
}

function parseEntry(entry: Map<string, unknown>, name: string, path: string): Credential | undefined {
  const text = (key: string): string | undefined => {
    const value = entry.get(key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const identity = text('identitytoken');
  if (identity !== undefined) return { kind: 'identity', token: identity };
  const bearer = text('registrytoken');
  if (bearer !== undefined) return { kind: 'bearer', token: bearer };
  const auth = text('auth');
  if (auth === undefined) {
    const username = text('username');
    const password = text('password');
    return username === undefined || password === undefined
      ? undefined
      : { kind: 'basic', username, password };
  }
  const pair = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = pair.indexOf(':');
  if (colon <= 0) throw unreadable(path, new Error(`auth of ${name} is no base64 of user:password`));
  return { kind: 'basic', username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

function asMap(value: unknown): Map<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error('expected an object');
  return new Map(Object.entries(value));
}

function unreadable(path: string, cause: unknown): RemoteFault {
  return new RemoteFault(
    'credentials-unreadable',
    `expected registry credentials in ${path}, got: ${messageOf(cause)}`,
    {
      hint: `Mend or remove ${path}.`,
      cause,
    },
  );
}
