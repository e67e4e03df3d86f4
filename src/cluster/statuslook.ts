// One cluster as it is seen for a status: what runs there, and the policy it is judged by.
import { isFault } from '../core/index.ts';
import type { Cluster } from './kube/index.ts';
import type { Running } from './running.ts';
import type { ContextStatus, StatusOptions } from './statusanswer.ts';
import { surveyCluster } from './statuscluster.ts';
import { wantedOf } from './statusimages.ts';
import { type JudgingPolicy, policyInCluster } from './statuspolicy.ts';

export interface Look {
  status: ContextStatus;
  cluster?: Cluster;
  /** In the order of `status.running`. */
  found: readonly Running[];
  labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  policy?: JudgingPolicy;
  mutates?: boolean;
}

/** What is away is named in the status. Throws what is a bug or an abort. */
export async function lookAt(
  { context, open }: StatusOptions['clusters'][number],
  options: StatusOptions,
): Promise<Look> {
  const status: ContextStatus = { context, pods: 0, running: [], notStarted: [], notes: [] };
  options.progress?.stage(`listing what runs in ${context}`);
  let cluster: Cluster | undefined;
  try {
    cluster = await open();
    const surveyed = await surveyCluster(cluster, options.namespaces);
    const { running, notStarted, pods, labels, enforcing, problems } = surveyed;
    status.pods = pods;
    status.notStarted = notStarted;
    status.notes = [...surveyed.notes, ...problems];
    status.running = running.map(({ pulling: _, ...row }) => ({
      ...row,
      key: wantedOf({ ...row, pulling: {} }).key,
      enforced: enforcing.has(row.namespace),
    }));
    const { mutates } = surveyed;
    const look = { status, cluster, found: running, labels, ...(mutates === undefined ? {} : { mutates }) };
    if (options.judging === false) return look;
    const { policy, problem, notes } =
      options.policy === undefined
        ? await policyInCluster(cluster, options)
        : { policy: options.policy, notes: [] };
    status.notes.push(...notes);
    if (problem !== undefined) status.policyProblem = problem;
    if (policy === undefined) return look;
    const { name, hash } = policy.policy;
    const { from, changed } = policy;
    status.policy = { name, hash, from, ...(changed === undefined ? {} : { changed }) };
    return { ...look, policy };
  } catch (error) {
    await cluster?.close();
    if (!isFault(error) || error.code === 'aborted') throw error;
    status.problem = {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
    return { status, found: [], labels: new Map() };
  }
}
