// What the server's API gives and takes, version 1: plain JSON, times in ISO 8601, digests whole.
import type { ApiPackageDiff, ApiTried } from './recordanswers.ts';

export interface ApiStatus {
  version: string;
  database: 'sqlite' | 'postgres';
  policy: { name: string; hash: string; trouble?: string };
  registry?: string;
  advisories?: { revision: string; isSeed: boolean };
  /** Why nothing is renewed. */
  renewing: boolean;
  watched: number;
  images: number;
  openRenewals: number;
}

export interface ApiTag {
  reference: string;
  role: 'image' | 'base';
  digest?: string;
  lookedAt?: string;
  movedAt?: string;
  trouble?: string;
  decision?: 'allow' | 'deny' | 'undecided';
  /** By severity, over its platforms. */
  findings: Record<string, number>;
  base?: string;
}

export interface ApiRenewal {
  id: string;
  cause: string;
  base: string;
  digest: string;
  state: string;
  text: string;
  createdAt: string;
  endedAt?: string;
}

export interface ApiRenewalSummary extends ApiRenewal {
  images: number;
}

export interface ApiCounted {
  levels: Record<string, number>;
  undecided: number;
  named: string[];
}

export interface ApiRenewedImage {
  id: string;
  reference: string;
  level: number;
  from: string;
  to?: string;
  base: { reference: string; from: string; to?: string };
  state: string;
  text: string;
  means?: string;
  why?: string;
  before?: ApiCounted;
  after?: ApiCounted;
  packages?: ApiPackageDiff;
  /** Conflicts and proofs that do not hold by themselves, a sentence each. */
  notes: string[];
  tried?: ApiTried;
  approvedBy?: string;
  steps: { step: string; startedAt: string; endedAt: string; ledTo: string; text: string }[];
  rollouts: { target: string; state: string; text: string; startedAt: string; endedAt?: string }[];
}

export interface ApiRenewalDetail extends ApiRenewal {
  images: ApiRenewedImage[];
}

export interface ApiHold {
  base: string;
  digest: string;
  reason: string;
  image?: string;
  since: string;
}

export interface ApiReached {
  reference: string;
  digest: string;
  platform: string;
  id: string;
  purl: string;
  severity: string;
  fixedIn?: string;
  since: string;
}

/** A container that runs an image which a flaw reaches, as its cluster's agent last said. */
export interface ApiReachedWorkload {
  cluster: string;
  namespace: string;
  kind: string;
  name: string;
  container: string;
  reference: string;
  digest: string;
  severity: string;
  reportedAt: string;
}

export interface ApiReachedAnswer {
  reached: ApiReached[];
  workloads: ApiReachedWorkload[];
}

/** Images come first, then containers. */
export interface ApiReachedPage extends ApiReachedAnswer {
  /** Given as `after`, the next page; absent: this is the last. */
  next?: string;
}

export interface ApiDependent {
  reference: string;
  digest: string;
  base: string;
  baseDigest: string;
  level: number;
  /** Undefined: nothing says that it is renewed. */
  means?: readonly string[];
}

export interface ApiPlan {
  base: string;
  digest: string;
  decision: 'allow' | 'deny' | 'undecided';
  why: string;
  held?: string;
  /** Those that may be needed, and why they could not be asked now. */
  pipelines: { name: string; trouble?: string }[];
  images: ApiDependent[];
}

export interface ApiToken {
  id: string;
  name: string;
  role: string;
  cluster?: string;
  createdAt: string;
  createdBy: string;
  expiresAt?: string;
  revokedAt?: string;
}

export interface ApiAuditEntry {
  at: string;
  actor: string;
  action: string;
  subject: string;
  detail: unknown;
}

/** Every answer that is none. */
export interface ApiError {
  error: { code: string; message: string; hint?: string };
}
