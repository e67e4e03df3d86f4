// The policy that a cluster's images are judged by: its own ImagePolicy with its exceptions, or one from a file.
import { isFault } from '../core/index.ts';
import { type ImagePolicy, parsePolicy } from '../trust/index.ts';
import { mergeExceptions } from './admission/index.ts';
import { type Cluster, type KubeObject, resources, systemNamespace } from './kube/index.ts';

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

/** The ImagePolicy in force; throws KubeFault where the API server fails, NetFault. */
export async function policyInCluster(
  cluster: Cluster,
  { policyName: name }: PolicyOptions,
): Promise<InCluster> {
  const policies = await listed(cluster, resources.imagePolicies);
  if (policies === undefined || policies.length === 0) return { notes: [] };
  const found =
    name === undefined && policies.length === 1
      ? policies[0]
      : policies.find((item) => item.metadata.name === (name ?? 'default'));
  if (found === undefined)
    return {
      problem: `expected the ImagePolicy ${name ?? 'default'} in ${systemNamespace}, got ${policies
        .map((item) => item.metadata.name)
        .slice(0, 5)
        .join(', ')}: name one with --policy-name`,
      notes: [],
    };
  const exceptions = (await listed(cluster, resources.imageExceptions)) ?? [];
  const { document, ignored } = mergeExceptions(found, exceptions);
  const from = `imagepolicy/${found.metadata.name}`;
  const notes = ignored.map((item) => `the exception ${item.name} does not count: ${item.why}`);
  try {
    const policy = await parsePolicy(JSON.stringify(document), from, () => {
      throw new Error(
        'a policy in a cluster holds its keys and certificates itself (pem), and names no files',
      );
    });
    const changed = Math.max(...[found, ...exceptions].map(changedAt));
    return { policy: { policy, from, ...(changed > 0 ? { changed } : {}) }, notes };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { problem: error.message, notes };
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
