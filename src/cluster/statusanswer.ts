// What a status is asked with, and what it answers.
import type { Undecided } from '../core/index.ts';
import type { Finding, SeverityLevel } from '../scan/index.ts';
import type { Cluster } from './kube/index.ts';
import type { NotStarted, Running } from './running.ts';
import type { JudgingPolicy, PolicyOptions } from './statuspolicy.ts';
import type { ScanningOptions } from './statusscan.ts';
import type { RunningVerdict } from './statusverdict.ts';

export interface StatusOptions extends ScanningOptions, PolicyOptions {
  clusters: readonly { context: string; open(): Promise<Cluster> }[];
  /** Only these; all when left out. */
  namespaces?: readonly string[];
  /** In place of the policies that the clusters have. */
  policy?: JudgingPolicy;
  /** False: findings only. */
  judging?: boolean;
  /** Use the clusters' own image pull secrets before the machine's credentials. */
  pullSecrets?: boolean;
}

/** What is shown of a finding. */
export type RunningFinding = Pick<
  Finding,
  | 'id'
  | 'aliases'
  | 'advisories'
  | 'purl'
  | 'name'
  | 'version'
  | 'introducedBy'
  | 'priority'
  | 'since'
  | 'kev'
  | 'epss'
> & {
  state: 'affected' | 'unknown';
  level: SeverityLevel;
  /** The lowest version that ends it without a channel of its own. */
  fixed?: string;
};

export interface ImageStatus {
  key: string;
  /** As it was read, or as it was asked for. */
  reference: string;
  digest?: string;
  platform?: string;
  packages: number;
  /** Worst first; without those that are known not to affect it. */
  findings: RunningFinding[];
  undecided: Undecided[];
  /** Why it could not be read. */
  problem?: { code: string; message: string };
}

export interface RunningStatus extends Omit<Running, 'pulling'> {
  /** Key of its image. */
  key: string;
  /** Whether the policy is enforced in its namespace. */
  enforced: boolean;
  verdict?: RunningVerdict;
}

export interface ContextStatus {
  context: string;
  /** Why it could not be asked; what stands beside is empty then. */
  problem?: { code: string; message: string; hint?: string };
  pods: number;
  running: RunningStatus[];
  notStarted: NotStarted[];
  policy?: { name: string; hash: string; from: string; changed?: number };
  /** Why its policy does not count. */
  policyProblem?: string;
  notes: string[];
}

export interface ClusterStatus {
  /** Ms since 1970. */
  at: number;
  contexts: ContextStatus[];
  images: ImageStatus[];
  database?: { revision: string; isSeed: boolean };
}
