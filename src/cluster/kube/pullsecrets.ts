// The credentials that a pod's own namespace gives for pulling its images: image pull secrets, each to its exact host.
import { isFault } from '../../core/index.ts';
import { type Credentials, textCredentials } from '../../transport/index.ts';
import type { Cluster, KubeObject } from './cluster.ts';
import { resources } from './resources.ts';

export interface PullSecrets {
  /** The first secret that has one for the host, the narrowest path first; undefined: none has. */
  credentials: Credentials;
  /** `NAMESPACE/NAME@RESOURCEVERSION` of each secret used, in order; empty: none. Another one when any changes. */
  scope: string;
  /** Secrets that could not be used, and why; never a word of what is in them. */
  problems: string[];
}

/** A pod's spec, or what of it counts here. */
export interface PullingPod {
  imagePullSecrets?: unknown;
  serviceAccountName?: unknown;
}

/** Secrets of one pod at most; more are a problem that is named. */
const mostSecrets = 32;
/** Bytes of a secret's file: what etcd takes at most. */
const mostBytes = 1 << 20;
/** RFC 1123 subdomain: a name cannot lead anywhere else. */
const nameShape = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * The pod's secrets, and where it names none those of its service account, as the API server fills them in. Names are
 * looked up in `namespace` and nowhere else. What cannot be read is a problem, never a fault.
 */
export async function pullSecretCredentials(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  pod: PullingPod,
): Promise<PullSecrets> {
  const problems: string[] = [];
  const own = namesIn(pod.imagePullSecrets, 'the pod', problems);
  const names = own.length > 0 ? own : await namesOfAccount(cluster, namespace, pod, problems);
  if (names.length > mostSecrets)
    problems.push(
      `expected at most ${mostSecrets} image pull secrets, got ${names.length}: the others are left out`,
    );
  const used: { credentials: Credentials; scope: string }[] = [];
  for (const name of names.slice(0, mostSecrets)) {
    const secret = await found(cluster, resources.secrets, name, namespace, problems);
    const credentials = secret && credentialsIn(secret, namespace, problems);
    if (credentials !== undefined)
      used.push({ credentials, scope: `${namespace}/${name}@${secret?.metadata.resourceVersion ?? ''}` });
  }
  return {
    async credentials(domain, repository) {
      for (const { credentials } of used) {
        const credential = await credentials(domain, repository);
        if (credential !== undefined) return credential;
      }
      return undefined;
    },
    scope: used.map(({ scope }) => scope).join(','),
    problems,
  };
}

async function namesOfAccount(
  cluster: Pick<Cluster, 'get'>,
  namespace: string,
  { serviceAccountName }: PullingPod,
  problems: string[],
): Promise<string[]> {
  const given = typeof serviceAccountName === 'string' && serviceAccountName !== '';
  const name = given ? serviceAccountName : 'default';
  if (!nameShape.test(name)) {
    problems.push(`expected the name of a service account, got ${JSON.stringify(name.slice(0, 80))}`);
    return [];
  }
  const account = await found(cluster, resources.serviceAccounts, name, namespace, problems);
  return namesIn(account?.['imagePullSecrets'], `service account ${name}`, problems);
}

async function found(
  cluster: Pick<Cluster, 'get'>,
  resource: Parameters<Cluster['get']>[0],
  name: string,
  namespace: string,
  problems: string[],
): Promise<KubeObject | undefined> {
  try {
    const object = await cluster.get(resource, name, namespace);
    // An answer about another object would be another namespace's secret.
    if (object?.metadata.name === name && object.metadata.namespace === namespace) return object;
    problems.push(`expected ${resource.kind} ${namespace}/${name}, got none`);
  } catch (error) {
    if (!isFault(error)) throw error;
    problems.push(`${resource.kind} ${namespace}/${name}: ${error.message} (${error.code})`);
  }
  return undefined;
}

function namesIn(list: unknown, whose: string, problems: string[]): string[] {
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) {
    problems.push(`expected a list of image pull secrets in ${whose}, got another thing`);
    return [];
  }
  const names = list.map((item) => (item as { name?: unknown } | null)?.name);
  const sound = names.filter((name): name is string => typeof name === 'string' && nameShape.test(name));
  if (sound.length < names.length)
    problems.push(`expected names of secrets in ${whose}, got ${names.length - sound.length} that are none`);
  return [...new Set(sound)];
}

const forms = {
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson', 'config'],
  'kubernetes.io/dockercfg': ['.dockercfg', 'dockercfg'],
} as const;

function credentialsIn(secret: KubeObject, namespace: string, problems: string[]): Credentials | undefined {
  const where = `secret ${namespace}/${secret.metadata.name}`;
  const type = secret['type'];
  if (typeof type !== 'string' || !Object.hasOwn(forms, type)) {
    problems.push(
      `expected ${where} of type kubernetes.io/dockerconfigjson, got ${JSON.stringify(type)?.slice(0, 80) ?? 'none'}`,
    );
    return undefined;
  }
  const [key, form] = forms[type as keyof typeof forms];
  const data = (secret['data'] as Record<string, unknown> | null | undefined)?.[key];
  if (typeof data !== 'string' || data.length > (mostBytes * 4) / 3 + 4) {
    problems.push(
      `expected ${key} of at most ${mostBytes} bytes in ${where}, got ${typeof data === 'string' ? 'more' : 'none'}`,
    );
    return undefined;
  }
  try {
    const { credentials, keys } = textCredentials(Buffer.from(data, 'base64').toString('utf8'), where, form);
    // The kubelet would give these to every host that fits; a stranger's may be among them (N9).
    const wild = keys.filter((text) => /[*?[\]]/.test(text));
    if (wild.length > 0)
      problems.push(
        `${where} names hosts by a pattern (${wild.slice(0, 3).join(', ').slice(0, 200)}), which is not used: only exact hosts are given credentials`,
      );
    return credentials;
  } catch (error) {
    if (!isFault(error)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
