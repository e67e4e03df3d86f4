// May it run? Resolve once, survey, judge; verdicts are kept, and callers who ask the same at once share the work.
import { type Clock, type Home, isFault } from '../core/index.ts';
import { formatReference, parseReference, type Reference, withDefaultTag } from '../image/index.ts';
import type { HttpClient } from '../net/index.ts';
import type { ScanResult } from '../scan/index.ts';
import { diskResults } from '../store/index.ts';
import type { Answer } from './evidence/index.ts';
import { type PlaceOptions, type ResolvedImage, resolveImage } from './place.ts';
import {
  type ImageFacts,
  type ImagePolicy,
  judge,
  labelsRead,
  needsOf,
  type Purpose,
  type Verdict,
} from './policy/index.ts';
import { type LoadedRoots, rootsFor } from './roots.ts';
import { survey } from './survey.ts';
import { createVerifierThread } from './thread.ts';
import { rootsHash, VerdictCache } from './verdicts.ts';
import type { VerifyTask } from './verify.ts';

export interface CheckRequest {
  reference: string | Reference;
  policy: ImagePolicy;
  labels?: Readonly<Record<string, string>>;
  /** `linux/amd64`: those that will run; all when left out. */
  platforms?: readonly string[];
  /** Scan results that the caller vouches for; a verdict that leans on them is not kept. */
  scanFiles?: readonly ScanResult[];
  purpose?: Purpose;
}

export interface CheckerOptions extends Omit<PlaceOptions, 'http' | 'clock'> {
  http: HttpClient;
  home: Home;
  clock: Clock;
  /** Names whose credentials are used: verdicts are not shared between those who may see different things. */
  credentialScope?: string;
  /** Where signatures are verified; in a thread of their own when left out, which a command for one image can spare. */
  verify?(task: VerifyTask): Promise<Answer[]>;
  cache?: VerdictCache;
}

export interface Checked {
  verdict: Verdict;
  /** What the verdict was made from; absent for a kept verdict or one that needed no look. */
  facts?: ImageFacts;
  image?: ResolvedImage;
  /** Trust roots that could not be brought up to date. */
  stale: string[];
}

export interface Checker {
  /** Throws RemoteFault, ImageFault, NetFault where the image cannot be resolved, RootFault, TransportFault. */
  check(request: CheckRequest): Promise<Checked>;
  /** What the tag stands for now, or the verdict where the name alone decides. Throws what `check` throws. */
  pin(request: CheckRequest): Promise<{ digest: string } | { barred: Verdict }>;
  /** Loads the trust roots of a policy; gives those that could not be brought up to date. Throws RootFault. */
  prepare(policy: ImagePolicy): Promise<string[]>;
}

export function createChecker(given: CheckerOptions): Checker {
  const options = { ...given, verify: given.verify ?? createVerifierThread().verify };
  const cache = options.cache ?? new VerdictCache();
  const running = new Map<string, Promise<Checked>>();
  const roots = new KeptRoots(options);
  async function lookAt(request: CheckRequest): Promise<Look> {
    const { policy } = request;
    const reference = withDefaultTag(
      typeof request.reference === 'string' ? parseReference(request.reference) : request.reference,
    );
    const now = options.clock.now().getTime();
    return {
      request,
      reference,
      labels: request.labels ?? {},
      purpose: request.purpose ?? 'admission',
      now,
      loaded: roots.at(policy, now) ?? (await roots.load(policy, now)),
      options,
    };
  }
  return {
    prepare: async (policy) => (await roots.load(policy, options.clock.now().getTime())).stale,
    async pin(request) {
      const look = await lookAt(request);
      if (look.reference.digest !== undefined) return { digest: look.reference.digest };
      const barred = judgeUnseen(look);
      return barred === undefined
        ? { digest: (await resolveImage(look.reference, options)).digest }
        : { barred };
    },
    async check(request) {
      const look = await lookAt(request);
      const { reference, now, loaded } = look;
      if (reference.digest !== undefined && request.scanFiles === undefined) {
        const kept = keptVerdict(cache, look, reference.digest);
        if (kept !== undefined) return kept;
      }
      const barred = judgeUnseen(look);
      if (barred !== undefined) return { verdict: barred, stale: loaded.stale };
      const image = reference.digest === undefined ? await resolveImage(reference, options) : undefined;
      if (image !== undefined && request.scanFiles === undefined) {
        const kept = keptVerdict(cache, look, image.digest);
        if (kept !== undefined) return { ...kept, image };
      }
      if (request.scanFiles !== undefined) return (await judgeSeen(look, image)).checked;
      const key = keyOf(cache, look, image?.digest ?? reference.digest!);
      let work = running.get(key);
      if (work === undefined) {
        work = judgeSeen(look, image).then(
          ({ checked, evidence }) => {
            // what could not be listed may be there in a moment
            if (checked.verdict.decision !== 'undecided') cache.keep(key, checked.verdict, evidence, now);
            return isOutage(checked.verdict) ? (lastVerdict(cache, key, look) ?? checked) : checked;
          },
          (error) => {
            const last =
              isFault(error) && outages.has(error.code) ? lastVerdict(cache, key, look) : undefined;
            if (last === undefined) throw error;
            return last;
          },
        );
        running.set(key, work);
        void work.finally(() => running.delete(key)).catch(() => {});
      }
      return work;
    },
  };
}

/** The registry says nothing, which takes nothing from what was verified; any other answer of its counts. */
const outages = new Set([
  'connect-failed',
  'name-not-found',
  'registry-failed',
  'rate-limited',
  'timeout',
  'tls-failed',
  'body-truncated',
]);

function isOutage({ decision, rules }: Verdict): boolean {
  const open = rules.filter(({ outcome }) => outcome === 'undecided');
  return decision === 'undecided' && open.every(({ code }) => code === 'evidence-unlisted');
}

function lastVerdict(cache: VerdictCache, key: string, look: Look): Checked | undefined {
  const last = cache.last(key, look.now);
  if (last === undefined) return undefined;
  const verdict = { ...last, image: formatReference(look.reference) };
  return {
    verdict,
    stale: [
      ...look.loaded.stale,
      `the registry of ${verdict.image} cannot be asked: its last verdict counts`,
    ],
  };
}

interface Look {
  request: CheckRequest;
  reference: Reference;
  labels: Readonly<Record<string, string>>;
  purpose: Purpose;
  now: number;
  loaded: HashedRoots;
  options: CheckerOptions & Required<Pick<CheckerOptions, 'verify'>>;
}

async function judgeSeen(
  look: Look,
  resolved: ResolvedImage | undefined,
): Promise<{ checked: Checked; evidence: string[] }> {
  const { request, labels, now, loaded, options, reference } = look;
  const image = resolved ?? (await resolveImage(reference, options));
  const needs = needsOf(request.policy, reference, labels);
  const { scanFiles, platforms } = request;
  const optional = {
    ...(platforms === undefined ? {} : { platforms }),
    ...(scanFiles === undefined ? {} : { scanFiles }),
  };
  const { facts, evidence } = await survey({ image, needs, labels, ...optional }, options, {
    http: options.http,
    roots: loaded.roots,
    results: diskResults(options.home.dir('revocation')),
    now,
    verify: options.verify,
  });
  const verdict = judge(request.policy, facts, now, look.purpose);
  return { checked: { verdict, facts, image, stale: loaded.stale }, evidence };
}

function keptVerdict(cache: VerdictCache, look: Look, digest: string): Checked | undefined {
  const list = async () => (await judgeSeen(look, undefined)).evidence;
  const kept = cache.get(keyOf(cache, look, digest), look.now, list);
  // the same digest may go by another tag
  return kept && { verdict: { ...kept, image: formatReference(look.reference) }, stale: look.loaded.stale };
}

function keyOf(
  cache: VerdictCache,
  { request, reference, labels, purpose, loaded, options }: Look,
  digest: string,
): string {
  return cache.key({
    repository: `${reference.domain}/${reference.repository}`,
    digest,
    given: reference.digest === undefined ? 'tag' : 'digest',
    platforms: request.platforms ?? [],
    labels: labelsRead(request.policy).map((name) => [name, labels[name] ?? ''] as const),
    policyHash: request.policy.hash,
    rootsHash: loaded.hash,
    credentialScope: options.credentialScope ?? '',
    purpose,
  });
}

interface HashedRoots extends LoadedRoots {
  hash: string;
}

/** Trust roots are read anew every five minutes, not for every question. */
class KeptRoots {
  readonly #options: CheckerOptions;
  readonly #kept = new Map<string, { roots: HashedRoots; until: number }>();

  constructor(options: CheckerOptions) {
    this.#options = options;
  }

  at(policy: ImagePolicy, now: number): HashedRoots | undefined {
    const kept = this.#kept.get(policy.hash);
    return kept !== undefined && now < kept.until ? kept.roots : undefined;
  }

  async load(policy: ImagePolicy, now: number): Promise<HashedRoots> {
    const { home, http } = this.#options;
    const loaded = await rootsFor(policy.authorities, { home, http, now, sources: policy.roots });
    const roots = { ...loaded, hash: rootsHash(loaded.roots) };
    if (this.#kept.size >= 100) this.#kept.clear();
    this.#kept.set(policy.hash, { roots, until: now + 300_000 });
    return roots;
  }
}

/** What the name alone decides is decided before any registry is asked: a refused one never hears of us. */
function judgeUnseen({ request: { policy }, reference, labels, purpose, now }: Look): Verdict | undefined {
  const unseen: ImageFacts = {
    reference,
    given: reference.digest === undefined ? 'tag' : 'digest',
    digest: reference.digest ?? '',
    mediaType: '',
    labels,
    platforms: [],
    incomplete: 'the registry was not asked',
  };
  const verdict = judge(policy, unseen, now, purpose);
  const decisive = verdict.rules.filter(
    ({ outcome, kind, mode }) =>
      outcome === 'failed' &&
      ['registries', 'revocation'].includes(kind) &&
      (mode === 'enforce' || purpose === 'release'),
  );
  const nobody = verdict.rules.find(({ code }) => code === 'no-rule');
  if (decisive.length > 0) return { ...verdict, decision: 'deny', rules: decisive };
  return nobody === undefined ? undefined : verdict;
}
