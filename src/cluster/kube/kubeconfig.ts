// The kubeconfig: files merged as kubectl merges them, and what one of its contexts says of server and user.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { messageOf, nearest } from '../../core/index.ts';
import { KubeFault } from './fault.ts';

export interface Kubeconfig {
  contexts: readonly string[];
  current?: string;
  /** Throws KubeFault `context-unknown`, `kubeconfig-unreadable`. */
  access(context?: string): ClusterAccess;
}

/** Where a cluster is, and who we are there. */
export interface ClusterAccess {
  context: string;
  namespace: string;
  server: string;
  /** PEM. */
  ca?: string;
  serverName?: string;
  proxy?: string;
  user: ClusterUser;
}

export interface ClusterUser {
  /** PEM. */
  cert?: string;
  key?: string;
  token?: string;
  /** Read again and again: tokens of pods are renewed. */
  tokenFile?: string;
  exec?: ExecPlugin;
}

/** client.authentication.k8s.io: a program that says who we are, as kubelogin does for AKS. */
export interface ExecPlugin {
  apiVersion: string;
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  hint?: string;
}

type Entry = Record<string, unknown>;

/** `file`: `--kubeconfig`, else the files of KUBECONFIG, else ~/.kube/config. */
export async function readKubeconfig(
  file: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Kubeconfig> {
  const paths = file !== undefined ? [file] : fromEnvironment(env);
  const named = file !== undefined || paths.length === 1;
  const { parse } = await import('yaml');
  const read = paths.flatMap((path) => readOne(path, named, parse));
  const lists = {
    contexts: new Map<string, Entry>(),
    clusters: new Map<string, Entry>(),
    users: new Map<string, Entry>(),
  };
  for (const { document, directory } of read)
    for (const [key, single] of [
      ['contexts', 'context'],
      ['clusters', 'cluster'],
      ['users', 'user'],
    ] as const)
      for (const item of listOf(document[key])) {
        const name = item['name'];
        // The first file that names something wins.
        if (typeof name === 'string' && !lists[key].has(name))
          lists[key].set(name, { ...mapOf(item[single]), directory });
      }
  const current = read
    .map(({ document }) => document['current-context'])
    .find((text) => typeof text === 'string' && text !== '');
  return {
    contexts: [...lists.contexts.keys()],
    ...(typeof current === 'string' ? { current } : {}),
    access: (context) => accessOf(context ?? (current as string | undefined), lists, paths),
  };
}

function fromEnvironment(env: NodeJS.ProcessEnv): string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? listed : [join(env['HOME'] ?? homedir(), '.kube', 'config')];
}

function readOne(
  path: string,
  named: boolean,
  parse: (text: string) => unknown,
): { document: Entry; directory: string }[] {
  try {
    return [{ document: mapOf(parse(readFileSync(path, 'utf8'))), directory: dirname(resolve(path)) }];
  } catch (cause) {
    if (!named && (cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new KubeFault(
      'kubeconfig-unreadable',
      `expected a kubeconfig in ${path}, got ${messageOf(cause)}`,
      {
        hint: 'Name one with --kubeconfig or KUBECONFIG; on AKS `az aks get-credentials` writes it.',
        cause,
      },
    );
  }
}

function accessOf(
  name: string | undefined,
  { contexts, clusters, users }: Record<'contexts' | 'clusters' | 'users', Map<string, Entry>>,
  paths: readonly string[],
): ClusterAccess {
  const known = [...contexts.keys()];
  const context = name === undefined ? undefined : contexts.get(name);
  if (name === undefined || context === undefined) {
    const near = name === undefined ? undefined : nearest(name, known);
    throw new KubeFault(
      'context-unknown',
      `expected one of the contexts ${known.slice(0, 20).join(', ') || '(none)'}, got ${name === undefined ? 'none' : JSON.stringify(name)}`,
      {
        hint:
          near === undefined
            ? `Looked in ${paths.join(', ')}; choose one with --context.`
            : `Did you mean --context ${near}?`,
      },
    );
  }
  const cluster = clusters.get(String(context['cluster']));
  const server = text(cluster, 'server');
  if (cluster === undefined || server === undefined || URL.parse(server) === null)
    throw new KubeFault('kubeconfig-unreadable', `expected a server for the context ${name}, got none`);
  if (cluster['insecure-skip-tls-verify'] === true)
    throw new KubeFault(
      'kubeconfig-unreadable',
      `expected a certificate-authority for ${server}, got insecure-skip-tls-verify`,
      {
        hint: 'Put the cluster’s certificate authority into the kubeconfig: an unverified server could say anything of what runs.',
      },
    );
  const ca = material(cluster, 'certificate-authority');
  const serverName = text(cluster, 'tls-server-name');
  const proxy = text(cluster, 'proxy-url');
  return {
    context: name,
    namespace: text(context, 'namespace') ?? 'default',
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(proxy === undefined ? {} : { proxy }),
    user: userOf(users.get(String(context['user'])) ?? {}, name),
  };
}

function userOf(user: Entry, context: string): ClusterUser {
  if (user['auth-provider'] !== undefined || user['username'] !== undefined)
    throw new KubeFault(
      'kube-credentials',
      `expected a certificate, token or exec plugin for the context ${context}, got a form that Kubernetes has removed`,
      {
        hint: 'On AKS `kubelogin convert-kubeconfig` turns it into an exec plugin.',
      },
    );
  const cert = material(user, 'client-certificate');
  const key = material(user, 'client-key');
  const token = text(user, 'token');
  const tokenFile = text(user, 'tokenFile');
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(String(user['directory']), tokenFile) }),
    ...(user['exec'] === undefined || user['exec'] === null
      ? {}
      : { exec: execOf(mapOf(user['exec']), String(user['directory'])) }),
  };
}

function execOf(exec: Entry, directory: string): ExecPlugin {
  const command = text(exec, 'command') ?? '';
  const hint = text(exec, 'installHint');
  const env = listOf(exec['env']).map((item) => [String(item['name']), String(item['value'] ?? '')] as const);
  return {
    apiVersion: text(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1',
    // As kubectl: a path is relative to the kubeconfig, a bare name is looked up.
    command: /[/\\]/.test(command) ? resolve(directory, command) : command,
    args: Array.isArray(exec['args']) ? exec['args'].map(String) : [],
    env: Object.fromEntries(env),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** `NAME-data` in base64, or the file that NAME names. */
function material(entry: Entry, name: string): string | undefined {
  const data = text(entry, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = text(entry, name);
  if (path === undefined) return undefined;
  const file = resolve(String(entry['directory']), path);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new KubeFault('kubeconfig-unreadable', `expected ${name} in ${file}, got ${messageOf(cause)}`, {
      cause,
    });
  }
}

function text(entry: Entry | undefined, key: string): string | undefined {
  const value = entry?.[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function mapOf(value: unknown): Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entry) : {};
}

function listOf(value: unknown): Entry[] {
  return Array.isArray(value) ? value.map(mapOf) : [];
}
