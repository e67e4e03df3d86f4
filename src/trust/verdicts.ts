// Verdicts that are kept: under everything that could make the answer another one, until the first moment at which any
// rule's answer can change, and only while the evidence beside the image stays what it was.
import { createHash } from 'node:crypto';
import type { Purpose, Verdict } from './policy/index.ts';

export interface VerdictKey {
  /** `HOST/REPOSITORY`. */
  repository: string;
  digest: string;
  given: 'tag' | 'digest';
  platforms: readonly string[];
  /** Those that the policy reads, in its order. */
  labels: readonly (readonly [string, string])[];
  /** Of the whole document. */
  policyHash: string;
  rootsHash: string;
  credentialScope: string;
  purpose: Purpose;
}

export interface VerdictCacheOptions {
  /** Verdicts; the oldest goes first. */
  most?: number;
  /** Ms that a verdict is kept at most. */
  longest?: number;
  /** Ms that a denial is kept: what is missing may be on its way. */
  denied?: number;
  /** Ms after which the evidence is listed again in the background. */
  relist?: number;
  /** Ms that an `allow` counts while the registry cannot be asked anew; 0 when left out: no longer than it is kept. */
  held?: number;
  /** Hears of every verdict that is kept, so that it can outlive the process. */
  onKept?(kept: KeptVerdict): void;
}

/** A kept verdict, as it is given to `onKept` and taken back by `restore`. */
export interface KeptVerdict {
  key: string;
  verdict: Verdict;
  /** Digests of the evidence, sorted, with a space between. */
  evidence: string;
  /** Ms since 1970. */
  keptAt: number;
}

interface Entry {
  verdict: Verdict;
  evidence: string;
  /** Ms since 1970 from which on it is asked anew. */
  expires: number;
  /** Ms since 1970 from which on it does not count even if nobody can be asked. */
  held: number;
  listed: number;
}

export class VerdictCache {
  readonly #entries = new Map<string, Entry>();
  readonly #options: Required<Omit<VerdictCacheOptions, 'onKept'>> & Pick<VerdictCacheOptions, 'onKept'>;

  constructor(options: VerdictCacheOptions = {}) {
    this.#options = { most: 10_000, longest: 3_600_000, denied: 10_000, relist: 60_000, held: 0, ...options };
  }

  key(parts: VerdictKey): string {
    return JSON.stringify([
      parts.repository,
      parts.digest,
      parts.given,
      parts.platforms,
      parts.labels,
      parts.policyHash,
      parts.rootsHash,
      parts.credentialScope,
      parts.purpose,
    ]);
  }

  keep(key: string, verdict: Verdict, evidence: readonly string[], now: number): void {
    const kept = { key, verdict, evidence: evidence.join(' '), keptAt: now };
    this.#put(kept, now);
    this.#options.onKept?.(kept);
  }

  /** Takes back what `onKept` gave, in this process or an earlier one; what is here already and newer stays. */
  restore(kept: KeptVerdict): void {
    const entry = this.#entries.get(kept.key);
    if (entry === undefined || entry.listed < kept.keptAt) this.#put(kept, kept.keptAt);
  }

  #put({ key, verdict, evidence, keptAt }: KeptVerdict, now: number): void {
    const isAllow = verdict.decision === 'allow';
    const longest = isAllow ? this.#options.longest : this.#options.denied;
    const until = verdict.until ?? Number.POSITIVE_INFINITY;
    const expires = Math.min(keptAt + longest, until);
    const held = isAllow ? Math.min(keptAt + Math.max(longest, this.#options.held), until) : expires;
    this.#entries.delete(key);
    this.#entries.set(key, { verdict, evidence, expires, held, listed: now });
    if (this.#entries.size > this.#options.most) this.#entries.delete(this.#entries.keys().next().value!);
  }

  /** The last `allow`, for when nothing newer can be had: until `held`, and never past the verdict's own `until`. */
  last(key: string, now: number): Verdict | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.verdict.decision === 'allow' && now < entry.held
      ? entry.verdict
      : undefined;
  }

  /** `list` gives the digests of the evidence as they are now; it runs in the background, and drops what differs. */
  get(key: string, now: number, list: () => Promise<readonly string[]>): Verdict | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now >= entry.expires) {
      if (now >= entry.held) this.#entries.delete(key);
      return undefined;
    }
    if (now - entry.listed >= this.#options.relist) {
      entry.listed = now;
      void this.#relist(key, entry, list);
    }
    return entry.verdict;
  }

  async #relist(key: string, entry: Entry, list: () => Promise<readonly string[]>): Promise<void> {
    let evidence: string;
    try {
      evidence = (await list()).join(' ');
    } catch {
      // a registry that is away takes nothing from what was verified
      return;
    }
    if (evidence !== entry.evidence && this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

export function rootsHash(roots: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(roots).sort())
    hash.update(`${name}\0${roots[name]!.length}\0`).update(roots[name]!);
  return hash.digest('hex');
}
