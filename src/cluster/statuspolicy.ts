// The policy that a cluster's images are judged by: its own ImagePolicy with its exceptions, or one from a file.
import { isFault } from '../core/index.ts';
import { type ImagePolicy, parsePolicy } from '../trust/index.ts';
import { mergeExceptions } from './admission/index.ts';
import { agentName, type Cluster, type KubeObject, resources, systemNamespace } from './kube/index.ts';
import { workloadKinds } from './workload/index.ts';

export interface JudgingPolicy {
  policy: ImagePolicy;
  /** `imagepolicy/NAME` or a file. */
  from: string;
  /** Ms since 1970 at which it last changed; undefined: nobody knows. */
  changed?: number;
}

export interface InCluster {
  /** Absent: there is none, or `problem` says why it does not count. */
  policy?: JudgingPolicy;
  problem?: string;
  notes: string[];
}

export interface PolicyOptions {
  /** Which one counts where there are several. */
  policyName?: string;
}

/**
 * The policy in force: the ImagePolicy that the agent counts with its exceptions, and where that is not valid the last
 * one that was. Throws KubeFault where the API server fails, NetFault.
 */
export async function policyInCluster(cluster: Cluster, { policyName }: PolicyOptions): Promise<InCluster> {
  const policies = await listed(cluster, resources.imagePolicies);
  if (policies === undefined) return { notes: [] };
  const only = policies.length === 1 ? policies[0]!.metadata.name : 'default';
  const name = policyName ?? (await namedByAgent(cluster)) ?? only;
  const found = policies.find(({ metadata }) => metadata.name === name);
  if (found === undefined && policies.length === 0) return { notes: [] };
  if (found === undefined) {
    const others = policies.map(({ metadata }) => metadata.name).slice(0, 5);
    const problem = `expected the ImagePolicy ${name} in ${systemNamespace}, got ${others.join(', ')}: name one with --policy-name`;
    return orKept(cluster, name, problem, []);
  }
  const exceptions = (await listed(cluster, resources.imageExceptions)) ?? [];
  const { document, ignored } = mergeExceptions(found, exceptions);
  const from = `imagepolicy/${name}`;
  const notes = ignored.map((item) => `the exception ${item.name} does not count: ${item.why}`);
  try {
    const policy = await parsePolicy(JSON.stringify(document), from, noFiles);
    const changed = Math.max(...[found, ...exceptions].map(changedAt));
    return { policy: { policy, from, ...(changed > 0 ? { changed } : {}) }, notes };
  } catch (error) {
    if (!isFault(error)) throw error;
    return orKept(cluster, name, error.message, notes);
  }
}

function noFiles(): never {
  throw new Error('a policy in a cluster holds its keys and certificates itself (pem), and names no files');
}

/** An invalid policy never replaces a valid one: what the agent kept is in force still. */
async function orKept(cluster: Cluster, name: string, problem: string, notes: string[]): Promise<InCluster> {
  const kept = await unlessUnknown(cluster.get(resources.keptPolicies, name, systemNamespace));
  const { document, at } = (kept?.spec ?? {}) as { document?: unknown; at?: unknown };
  if (typeof document !== 'string') return { problem, notes };
  const from = `keptpolicy/${name}`;
  try {
    const policy = await parsePolicy(document, from, noFiles);
    const changed = Date.parse(String(at));
    return {
      policy: { policy, from, ...(Number.isNaN(changed) ? {} : { changed }) },
      notes: [...notes, `the last valid policy stays in force: ${problem}`],
    };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { problem, notes };
  }
}

/** What the agent was installed with; undefined: there is none, or nobody may know. */
async function namedByAgent(cluster: Cluster): Promise<string | undefined> {
  const agent = await unlessUnknown(cluster.get(workloadKinds.Deployment, agentName, systemNamespace));
  const spec = agent?.spec as { template?: { spec?: { containers?: { args?: unknown }[] } } } | undefined;
  const args = spec?.template?.spec?.containers?.[0]?.args;
  const at = Array.isArray(args) ? args.indexOf('--policy-name') : -1;
  const name: unknown = at < 0 ? undefined : (args as unknown[])[at + 1];
  return typeof name === 'string' ? name : undefined;
}

async function unlessUnknown(asked: Promise<KubeObject | undefined>): Promise<KubeObject | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isFault(error) && (error.code === 'resource-unknown' || error.code === 'forbidden')) return undefined;
    throw error;
  }
}

/**
 * A policy from a file as it would be in that cluster, with the exceptions that are there. Rejects with DocumentFault,
 * a line for each mistake.
 */
export async function policyOfFile(
  cluster: Cluster | undefined,
  text: string,
  file: string,
  readFile: (path: string) => string,
): Promise<{ policy: ImagePolicy; notes: string[] }> {
  const alone = await parsePolicy(text, file, readFile);
  const exceptions = (cluster && (await listed(cluster, resources.imageExceptions))) ?? [];
  if (exceptions.length === 0) return { policy: alone, notes: [] };
  const { parse } = await import('yaml');
  const { document, ignored } = mergeExceptions(parse(text), exceptions);
  return {
    policy: await parsePolicy(JSON.stringify(document), file, readFile),
    notes: ignored.map((item) => `the exception ${item.name} does not count: ${item.why}`),
  };
}

/** Undefined: the server does not know the resource, so Seaworthy is not installed there. */
async function listed(
  cluster: Cluster,
  resource: (typeof resources)['imagePolicies' | 'imageExceptions'],
): Promise<KubeObject[] | undefined> {
  try {
    return await cluster.list(resource, { namespace: systemNamespace });
  } catch (error) {
    if (isFault(error) && error.code === 'resource-unknown') return undefined;
    throw error;
  }
}

/** The last change of what people write: the status changes by itself. */
export function changedAt({ metadata }: KubeObject): number {
  const written = (metadata.managedFields ?? [])
    .filter(({ subresource }) => subresource === undefined || subresource === '')
    .map((entry) => Date.parse(String((entry as { time?: unknown }).time)));
  const times = [Date.parse(metadata.creationTimestamp ?? ''), ...written].filter(
    (time) => !Number.isNaN(time),
  );
  return Math.max(0, ...times);
}
