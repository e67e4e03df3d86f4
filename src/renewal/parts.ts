// What renewing an image needs from others, and what is configured for one.
import type { Clock } from '../core/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { ScanResult } from '../scan/index.ts';
import type { Verdict } from '../trust/index.ts';
import type { PlatformPackages } from './packagediff.ts';
import type { Pipeline } from './pipeline/index.ts';
import type { SmokeTest, TryOut } from './smoketest.ts';

/** What is configured for an image. */
export interface ImageSettings {
  /** The first that can be done is: `rebase` where it is proven safe. */
  means: readonly ('rebase' | 'rebuild')[];
  /** Name of the pipeline that rebuilds it. */
  pipeline?: string;
  /** Ms that a rebuild may take. */
  patience: number;
  /** A person is asked before the tag moves. */
  approval: boolean;
  /** Names of the targets that follow. */
  rollout: readonly string[];
  /** The owner says that a rebase is safe where only their word is missing. */
  consent: boolean;
  /** Ms: renewed when it is older, even where its base did not move. */
  maxAge?: number;
  /** Run on the new image before the tag moves. */
  smokeTest?: SmokeTest;
}

/** An image that stands on what moved. */
export interface Dependent {
  /** `HOST/REPOSITORY:TAG` */
  reference: string;
  /** What the tag names now. */
  digest: string;
  /** `HOST/REPOSITORY:TAG` of what it stands on, and the digest it stood on. */
  base: string;
  baseDigest: string;
  /** 1 stands on what moved itself. */
  level: number;
}

export type Rebased =
  | { digest: string; proofs: unknown }
  /** `why`: the first proof that failed, for people. */
  | { unproven: string; proofs: unknown };

export interface RebaseOrder {
  reference: string;
  digest: string;
  base: { reference: string; from: string; to: string };
  stagingTag: string;
  consent: boolean;
}

/** What a target was asked: move from one digest to another. */
export interface RolloutOrder {
  /** The same for the same order. */
  id: string;
  reference: string;
  from: string;
  to: string;
  cause: string;
}

export type RolloutLook = {
  state: 'running' | 'done' | 'returned' | 'failed' | 'nothing';
  text: string;
};

/** Something that moves workloads: agents in their clusters, a repository of manifests, a cluster by its context. */
export interface RolloutTarget {
  /** Asks for it; the same order twice is one. */
  start(order: RolloutOrder, signal: AbortSignal): Promise<void>;
  look(order: RolloutOrder, signal: AbortSignal): Promise<RolloutLook>;
}

/** What is done to images in registries, each call on a digest. Rejects with Faults. */
export interface Workshop {
  /** What the tag names now; undefined: nothing. */
  current(reference: string): Promise<string | undefined>;
  /** Under the policy in force, every rule enforced. */
  judge(reference: string, digest: string): Promise<Verdict>;
  /** The same for a base, which may be nobody's to attach evidence to: our own scan of it is believed. */
  judgeBase(reference: string, digest: string): Promise<Verdict>;
  rebase(order: RebaseOrder): Promise<Rebased>;
  /** Which of its platforms do not stand on the base; empty: all do. */
  notOn(reference: string, digest: string, base: { reference: string; digest: string }): Promise<string[]>;
  platforms(reference: string, digest: string): Promise<string[]>;
  /** Each platform scanned, the evidence signed beside it. */
  scan(reference: string, digest: string): Promise<ScanResult[]>;
  /** Judged by today's advisories; nothing is signed. */
  rescan(reference: string, digest: string): Promise<ScanResult[]>;
  /** Of each of its platforms, judged by nobody. */
  packages(reference: string, digest: string): Promise<PlatformPackages[]>;
  /** Attaches the renewal's attestation and our signature, each once. */
  sign(reference: string, digest: string, renewal: unknown): Promise<void>;
  /** Gives `from` a keep-tag of its own, then moves the tag. */
  moveTag(reference: string, from: string, to: string): Promise<void>;
}

export interface RenewalParts {
  ledger: Ledger;
  clock: Clock;
  workshop: Workshop;
  pipelines: ReadonlyMap<string, Pipeline>;
  targets: ReadonlyMap<string, RolloutTarget>;
  /** Undefined: the image is not renewed. */
  settingsOf(reference: string): ImageSettings | undefined;
  /** Everything that stands on some digest of the tag and not on the one it names now, in levels. */
  standingOn(base: string): Promise<Dependent[]>;
  /** What an image stands on; `baseDigest` is what the base's tag names now where it is that very base. */
  standsOn(reference: string): Promise<Dependent | undefined>;
  /** By reference: flaws that reach an image by its base, and that the base `to` no longer has. Who has none is left out. */
  fixedBy(to: string, images: readonly Dependent[]): Promise<ReadonlyMap<string, readonly string[]>>;
  tryOut: TryOut;
  /** Where people read more; for texts of rollouts. */
  name: string;
}
