// A world in memory that renewals are tried in: tags, bases, findings and verdicts are what a test says.
import type { TestContext } from 'node:test';
import type { Clock } from '../core/index.ts';
import { type Ledger, startWorkers, type Workers } from '../ledger/index.ts';
import {
  beginRenewal,
  type Cause,
  cancelJob,
  cancelRun,
  type Dependent,
  type ImageSettings,
  imageJob,
  type Pipeline,
  type RenewalParts,
  type RolloutLook,
  type RolloutTarget,
  renewalBook,
  type Tried,
  type Workshop,
  workOnImage,
} from '../renewal/index.ts';
import type { ScanResult } from '../scan/index.ts';
import type { Package } from '../scan/inventory/index.ts';
import type { Verdict } from '../trust/index.ts';
import { packageOf } from './inventories.ts';
import type { TestLedger } from './ledgers.ts';

export function digest(name: string): string {
  return `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}`;
}

export interface WorldImage {
  digest: string;
  /** Digest of the base it stands on. */
  on?: string;
  findings: [id: string, severity: 'critical' | 'high' | 'low'][];
  isSigned: boolean;
  platforms?: string[];
  /** Versions by name. */
  packages?: Record<string, string>;
}

export class World {
  /** Reference → digest. */
  readonly tags = new Map<string, string>();
  readonly images = new Map<string, WorldImage>();
  /** Every change to the outside, in order: a second time is seen here. */
  readonly deeds: string[] = [];
  readonly targets = new Map<string, RolloutTarget>();
  readonly pipelines = new Map<string, Pipeline>();
  /** Why a rebase is not safe, by reference. */
  readonly unproven = new Map<string, string>();
  /** Thrown once before the deed of that name. */
  readonly failing = new Map<string, Error>();
  settings: (reference: string) => ImageSettings | undefined = () => usual();
  /** Hash of the policy in force. */
  policy = 'h';
  now = Date.UTC(2026, 10, 27);
  readonly clock: Clock = { now: () => new Date(this.now) };

  put(reference: string, image: WorldImage): void {
    this.images.set(image.digest, image);
    this.tags.set(reference, image.digest);
  }

  #deed(text: string): void {
    const error = this.failing.get(text.split(' ')[0]!);
    if (error !== undefined) {
      this.failing.delete(text.split(' ')[0]!);
      throw error;
    }
    this.deeds.push(text);
  }

  /** What smoke tests come to. */
  tried: (image: string) => Promise<Tried | undefined> = async () => ({
    passed: true,
    text: 'passed',
    seconds: 0,
    output: [],
  });

  readonly workshop: Workshop = {
    current: async (reference) => this.tags.get(reference),
    judge: async (reference, of) => this.#verdict(reference, of),
    judgeBase: async (reference, of) => this.#verdict(reference, of),
    rebase: async ({ reference, digest: of, base }) => {
      const why = this.unproven.get(reference);
      if (why !== undefined) return { unproven: why, proofs: [{ name: 'packages', holds: 'no' }] };
      this.#deed(`rebase ${reference}`);
      const made = digest(`${of.slice(7, 19)}-${base.to.slice(7, 19)}`);
      if (!this.images.has(made))
        this.images.set(made, { digest: made, on: base.to, findings: [], isSigned: false });
      return { digest: made, proofs: [] };
    },
    notOn: async (_reference, of, base) => (this.images.get(of)?.on === base.digest ? [] : ['linux/amd64']),
    platforms: async (_reference, of) => this.images.get(of)?.platforms ?? ['linux/amd64'],
    scan: async (reference, of) => {
      this.#deed(`scan ${reference}`);
      return this.#found(of);
    },
    rescan: async (_reference, of) => this.#found(of),
    packages: async (_reference, of) => [{ platform: 'linux/amd64', packages: this.#packages(of) }],
    sign: async (reference, of) => {
      this.#deed(`sign ${reference}`);
      this.images.get(of)!.isSigned = true;
    },
    moveTag: async (reference, from, to) => {
      this.#deed(`tag ${reference}`);
      this.tags.set(`${reference}-keep`, from);
      this.tags.set(reference, to);
    },
  };

  /** Its own findings, and those of all it stands on. */
  #findings(of: string | undefined): [string, string][] {
    const image = of === undefined ? undefined : this.images.get(of);
    return image === undefined ? [] : [...image.findings, ...this.#findings(image.on)];
  }

  #found(of: string): ScanResult[] {
    const findings = this.#findings(of).map(([id, level]) => ({
      state: 'affected',
      id,
      name: 'zlib',
      version: '1',
      severity: { level },
    }));
    return [{ findings, undecided: [] } as unknown as ScanResult];
  }

  #packages(of: string | undefined): Package[] {
    const image = of === undefined ? undefined : this.images.get(of);
    if (image === undefined) return [];
    const own = Object.entries(image.packages ?? {}).map(([name, version]) =>
      packageOf('deb', name, version, { namespace: 'debian' }),
    );
    return [...own, ...this.#packages(image.on)];
  }

  #verdict(reference: string, of: string): Verdict {
    const isSigned = this.images.get(of)?.isSigned === true;
    const bad = this.#findings(of).some(([, level]) => level === 'critical');
    const rule = (name: string, kind: string, isMet: boolean, code: string) => ({
      rule: name,
      kind,
      mode: 'enforce',
      outcome: isMet ? 'met' : 'failed',
      ...(isMet ? {} : { code }),
      expected: `${name} to hold`,
      found: isMet ? 'it holds' : 'it does not',
      evidence: [],
    });
    return {
      decision: isSigned && !bad ? 'allow' : 'deny',
      purpose: 'release',
      image: reference,
      digest: of,
      platforms: [],
      policy: { name: 'default', hash: this.policy, rulesHash: 'r' },
      rules: [
        rule('signed', 'signature', isSigned, 'signature-missing'),
        rule('no-critical', 'vulnerabilities', !bad, 'vulnerable'),
      ],
      at: this.now,
    } as unknown as Verdict;
  }

  /** What stands on the tag's earlier digests, level by level. */
  async standingOn(base: string): Promise<Dependent[]> {
    const found: Dependent[] = [];
    let level = [base];
    for (let number = 1; level.length > 0; number++) {
      const next: string[] = [];
      for (const below of level)
        for (const [reference, of] of this.tags) {
          const on = this.images.get(of)?.on;
          if (/-keep$|:seaworthy-/.test(reference) || on === undefined || !this.#wasOf(on, below)) continue;
          if (number === 1 && on === this.tags.get(below)) continue;
          found.push({ reference, digest: of, base: below, baseDigest: on, level: number });
          next.push(reference);
        }
      level = next;
    }
    return found;
  }

  /** A base that nobody ever moved, or the newest name of it. */
  standsOn(reference: string): Dependent | undefined {
    const of = this.tags.get(reference);
    const on = of === undefined ? undefined : this.images.get(of)?.on;
    const base = [...this.tags.keys()].find((below) => on !== undefined && this.#wasOf(on, below));
    if (base === undefined) return undefined;
    return { reference, digest: of!, base, baseDigest: on!, level: 1 };
  }

  #fixedBy(to: string, images: readonly Dependent[]): Map<string, string[]> {
    const there = new Set(this.#findings(to).map(([id]) => id));
    const fixes = images.map(({ reference, baseDigest }): [string, string[]] => [
      reference,
      this.#findings(baseDigest).flatMap(([id]) => (there.has(id) ? [] : [id])),
    ]);
    return new Map(fixes.filter(([, ids]) => ids.length > 0));
  }

  /** Digests that a tag ever named. */
  readonly history = new Map<string, Set<string>>();

  #wasOf(of: string, reference: string): boolean {
    return this.history.get(reference)?.has(of) === true || this.tags.get(reference) === of;
  }

  move(reference: string, image: WorldImage): Cause {
    this.now += 1000;
    const from = this.tags.get(reference) ?? null;
    if (from !== null) this.history.set(reference, new Set([...(this.history.get(reference) ?? []), from]));
    this.put(reference, image);
    return { kind: 'base-moved', base: reference, from, to: image.digest };
  }

  parts(ledger: Ledger): RenewalParts {
    return {
      ledger,
      clock: this.clock,
      workshop: this.workshop,
      pipelines: this.pipelines,
      targets: this.targets,
      settingsOf: (reference) => this.settings(reference),
      standingOn: (base) => this.standingOn(base),
      standsOn: async (reference) => this.standsOn(reference),
      fixedBy: async (to, images) => this.#fixedBy(to, images),
      tryOut: async (_test, { image }) => {
        this.#deed(`try ${image}`);
        return this.tried(image);
      },
      name: 'http://127.0.0.1:7420',
    };
  }
}

export function usual(more: Partial<ImageSettings> = {}): ImageSettings {
  return {
    means: ['rebase', 'rebuild'],
    patience: 3_600_000,
    approval: false,
    rollout: [],
    consent: false,
    ...more,
  };
}

/** A pipeline that builds on what it is told to, each time another image; gives what it was asked. */
export function builder(world: World, name: string, isSame = false): string[] {
  const asked: string[] = [];
  world.pipelines.set(name, {
    kind: 'jenkins',
    start: async ({ image, tag, stagingTag, base }) => {
      asked.push(`${image} ${base.digest.slice(7, 19)}`);
      const digestOf = isSame ? world.tags.get(`${image}:${tag}`)! : digest(`built-${asked.length}`);
      const made = { digest: digestOf, on: base.digest, findings: [], isSigned: false };
      world.put(`${image}:${stagingTag}`, world.images.get(digestOf) ?? made);
      return {};
    },
    follow: async () => ({ state: 'succeeded' }),
    cancel: async () => {},
    probe: async () => {},
  });
  return asked;
}

/** A target that says what it is told to. */
export function target(world: World, answer: () => RolloutLook): RolloutTarget {
  return {
    start: async ({ reference, to }) => void world.deeds.push(`rollout ${reference} ${to.slice(7, 19)}`),
    look: async () => answer(),
  };
}

export interface Running {
  ledger: Ledger;
  workers: Workers;
  begin(cause: Cause): Promise<void>;
  /** A minute passes, and what is due is worked on. */
  minute(): Promise<void>;
}

/** A ledger of its own with workers that renew. */
export async function renewing(t: TestContext, world: World, ledgers: TestLedger): Promise<Running> {
  const ledger = await ledgers.open(t, { books: [renewalBook], clock: world.clock });
  const parts = world.parts(ledger);
  const workers = startWorkers(ledger, {
    handlers: {
      [imageJob]: (job) => workOnImage(parts, job),
      [cancelJob]: (job) => cancelRun(parts, job),
      begin: async (job) => {
        await beginRenewal(parts, job.payload as unknown as Cause, job);
        return 'done';
      },
    },
    backoff: () => 0,
  });
  t.after(() => workers.stop());
  return {
    ledger,
    workers,
    async minute() {
      world.now += 60_000;
      await workers.wake();
      await workers.idle();
    },
    async begin(cause) {
      const { enqueue } = await import('../ledger/index.ts');
      world.now++;
      await ledger.write((write) => enqueue(write, { kind: 'begin', payload: { ...cause } }));
      await workers.idle();
    },
  };
}
