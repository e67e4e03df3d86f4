// What a policy that is not in force yet would say of everything that runs, and where it differs from the one that is.
import type { Clock, Home } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import { createVerifierThread } from '../trust/index.ts';
import { rememberingAway } from './awayhosts.ts';
import { checkersWith } from './checkers.ts';
import type { Cluster } from './kube/index.ts';
import { eachOf } from './lanes.ts';
import type { Running } from './running.ts';
import { givenBy, surveyCluster } from './statuscluster.ts';
import { wantedOf } from './statusimages.ts';
import type { JudgingPolicy } from './statuspolicy.ts';
import { machineOf, PullSecretsOf } from './statuspulls.ts';
import { judgeRunning, type RunningVerdict } from './statusverdict.ts';

export interface PreviewOptions {
  home: Home;
  http: HttpClient;
  clock: Clock;
  policy: JudgingPolicy;
  /** The one that is in force; absent: there is none. */
  before?: JudgingPolicy;
  /** Only these; all when left out. */
  namespaces?: readonly string[];
  pullSecrets?: boolean;
  registry?: { plainHttp: boolean; realms: readonly string[] };
  env?: NodeJS.ProcessEnv;
  stage?(text: string): void;
}

export interface PreviewRow extends Omit<Running, 'pulling'> {
  /** Whether the policy is enforced in its namespace. */
  enforced: boolean;
  verdict: RunningVerdict;
  before?: RunningVerdict;
}

export interface Preview {
  context: string;
  policy: JudgingPolicy;
  before?: JudgingPolicy;
  /** It is the policy in force itself: there is nothing to compare it with. */
  isInForce?: true;
  rows: PreviewRow[];
  /** Namespaces in which the policy is enforced. */
  enforcing: string[];
  notes: string[];
}

/** Questions that are asked at once. */
const atOnce = 8;

/** Undecided is refused as well: only an allow admits. */
export function isRefused(verdict: RunningVerdict | undefined): boolean {
  return verdict !== undefined && verdict.decision !== 'allow';
}

/** Throws KubeFault, NetFault where the cluster cannot be asked; an image that is away is undecided. */
export async function previewPolicy(cluster: Cluster, given: PreviewOptions): Promise<Preview> {
  const options = { ...given, http: rememberingAway(given.http) };
  const { policy, before, stage } = options;
  stage?.(`listing what runs in ${cluster.context}`);
  const surveyed = await surveyCluster(cluster, options.namespaces);
  const { labels, enforcing } = surveyed;
  const pulls = new PullSecretsOf(
    new Map([[cluster.context, cluster]]),
    options.pullSecrets === true,
    machineOf(options),
  );
  const thread = createVerifierThread();
  const checkerFor = checkersWith(options, options.registry, thread.verify);
  const known = new Map<string, Promise<RunningVerdict>>();
  const judge = async (by: JudgingPolicy, row: Running): Promise<RunningVerdict> => {
    const { key, references, problem } = wantedOf(row);
    if (problem !== undefined) return { decision: 'undecided', failing: [], problem };
    const its = labels.get(row.namespace) ?? { namespace: row.namespace };
    const given = givenBy(row.image, by.policy.mutateDigest, surveyed.mutates);
    const pull = await pulls.first(cluster.context, row);
    const question = JSON.stringify([by.policy.hash, key, its, given, pull.scope]);
    const answer =
      known.get(question) ??
      judgeRunning(checkerFor(pull), by, {
        reference: references[0]!,
        given,
        labels: its,
        now: options.clock.now().getTime(),
        ...(row.platform === undefined ? {} : { platform: row.platform }),
      });
    known.set(question, answer);
    return answer;
  };
  const rows: PreviewRow[] = [];
  let done = 0;
  try {
    await eachOf([...surveyed.running.entries()], atOnce, async ([at, row]) => {
      stage?.(`judging ${++done} of ${surveyed.running.length}`);
      const { pulling: _, ...shown } = row;
      rows[at] = {
        ...shown,
        enforced: enforcing.has(row.namespace),
        verdict: await judge(policy, row),
        ...(before === undefined ? {} : { before: await judge(before, row) }),
      };
    });
  } finally {
    await thread.close();
  }
  return {
    context: cluster.context,
    policy,
    ...(before === undefined ? {} : { before }),
    rows,
    enforcing: [...enforcing].sort(),
    notes: [...surveyed.notes, ...surveyed.problems],
  };
}

/** What enforcing one namespace would refuse, by the policy that is in force. */
export async function previewNamespace(
  cluster: Cluster,
  namespace: string,
  options: Omit<PreviewOptions, 'namespaces' | 'before'>,
): Promise<Preview> {
  return { ...(await previewPolicy(cluster, { ...options, namespaces: [namespace] })), isInForce: true };
}
