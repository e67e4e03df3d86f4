// What is done to images in registries while they are renewed: looked at, judged, scanned, signed, tagged.
import type { Clock, Home, Limits } from '../core/index.ts';
import { baseLayers, formatPlatform, type ImageConfig, parseConfig, parseReference } from '../image/index.ts';
import type { HttpClient } from '../net/index.ts';
import {
  type AdvisoryDatabase,
  inspectTarget,
  judgeInventory,
  type ScanOptions,
  type ScanResult,
} from '../scan/index.ts';
import { diskResults } from '../store/index.ts';
import {
  fetchBlob,
  pushManifest,
  type RegistryOptions,
  RemoteFault,
  resolveTag,
} from '../transport/index.ts';
import {
  type Answer,
  type Attester,
  answersFor,
  attachStatement,
  attestScan,
  type BundleServices,
  type BundleSigner,
  createChecker,
  type ImagePolicy,
  keepTag,
  openPlace,
  pinned,
  platformsOf,
  type ResolvedImage,
  resolveDigest,
  resolveImage,
  rootsFor,
  scanAuthorities,
  signerAuthority,
  signWithBundle,
  type Verdict,
  type VerifierThread,
} from '../trust/index.ts';
import type { Workshop } from './parts.ts';
import { SeenPackages } from './seenpackages.ts';
import { renewalType } from './statement.ts';

export interface WorkshopOptions {
  home: Home;
  http: HttpClient;
  clock: Clock;
  limits: Limits;
  /** The policy in force now. */
  policy(): ImagePolicy;
  /** The advisories of today. */
  database(): AdvisoryDatabase | undefined;
  /** Days. */
  maxDatabaseAge: number;
  /** Who signs what was renewed, and its scans. */
  by: BundleSigner;
  services: BundleServices;
  verifier: VerifierThread;
  registry: Pick<RegistryOptions, 'plainHttp' | 'realms' | 'credentials' | 'registries'>;
  threads?: number;
  rebase: Workshop['rebase'];
}

export function createWorkshop(options: WorkshopOptions): Workshop {
  const { http, home, clock, registry } = options;
  const place = { http, ...registry };
  const configs = new Configs();
  const seen = new SeenPackages();
  const at = (reference: string, digest: string) => {
    const { domain, repository } = parseReference(reference);
    return resolveImage({ domain, repository, digest }, place);
  };
  const scanning: ScanOptions = {
    home,
    limits: options.limits,
    transport: { http, home, ...registry },
    clock,
    database: undefined,
    maxDatabaseAge: options.maxDatabaseAge,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  async function eachPlatform<T>(
    reference: string,
    digest: string,
    work: (image: ResolvedImage, named: ResolvedImage) => Promise<T>,
  ): Promise<T[]> {
    const named = await at(reference, digest);
    const done: T[] = [];
    for (const entry of platformsOf(named))
      done.push(await work(await resolveDigest(named, entry.digest), named));
    return done;
  }
  async function judge(
    reference: string,
    digest: string,
    scanFiles?: readonly ScanResult[],
  ): Promise<Verdict> {
    const { domain, repository, tag } = parseReference(reference);
    // a new one each time: what was kept is what a renewal changes
    const checker = createChecker({ ...place, home, clock, verify: options.verifier.verify });
    const { verdict } = await checker.check({
      reference: { domain, repository, digest, ...(tag === undefined ? {} : { tag }) },
      policy: options.policy(),
      purpose: 'release',
      ...(scanFiles === undefined ? {} : { scanFiles }),
    });
    return verdict;
  }
  async function rescan(reference: string, digest: string): Promise<ScanResult[]> {
    const results = await eachPlatform(reference, digest, async (image) =>
      judgeInventory(await inspectTarget(`registry:${pinned(image)}`, scanning), {
        ...scanning,
        database: options.database(),
      }),
    );
    seen.keep(digest, results);
    return results;
  }
  return {
    rebase: options.rebase,
    async current(reference) {
      const { domain, repository, tag = 'latest' } = parseReference(reference);
      try {
        return await resolveTag(openPlace({ domain, repository }, place).registry, repository, tag);
      } catch (error) {
        if (error instanceof RemoteFault && error.code === 'image-not-found') return undefined;
        throw error;
      }
    },
    judge: (reference, digest) => judge(reference, digest),
    judgeBase: async (reference, digest) => judge(reference, digest, await rescan(reference, digest)),
    async notOn(reference, digest, base) {
      const bases = await configs.of(await at(base.reference, base.digest));
      const images = await configs.of(await at(reference, digest));
      return images
        .filter(({ platform, config }) => {
          const on = bases.find((one) => one.platform === platform);
          return on === undefined || baseLayers(config.diffIds, on.config.diffIds) === undefined;
        })
        .map(({ platform }) => platform);
    },
    platforms: async (reference, digest) =>
      (await configs.of(await at(reference, digest))).map(({ platform }) => platform),
    rescan,
    async scan(reference, digest) {
      const attester = await attesterOf(options);
      const results = await eachPlatform(reference, digest, async (image, named): Promise<ScanResult> => {
        const scan = { scan: scanning, database: options.database };
        return (await attestScan(image, named, { ...scan, attester, clock })).result;
      });
      seen.keep(digest, results);
      return results;
    },
    async packages(reference, digest) {
      const known = seen.of(digest);
      if (known !== undefined) return known;
      await rescan(reference, digest);
      return seen.of(digest)!;
    },
    async sign(reference, digest, predicate) {
      const image = await at(reference, digest);
      const own = signerAuthority(options.by);
      const now = clock.now().getTime();
      const { answers } = await answersFor(
        image,
        { authorities: own, formats: ['bundle'], predicateTypes: [renewalType] },
        { http, roots: {}, now },
      );
      const says = (type: string | undefined) =>
        answers.some((answer: Answer) => answer.ok && answer.attestation?.predicateType === type);
      if (!says(renewalType))
        await attachStatement(image, renewalType, predicate, options.by, options.services, now);
      if (!says(undefined)) await signWithBundle(image, options.by, options.services, now);
    },
    async moveTag(reference, from, to) {
      const { tag = 'latest' } = parseReference(reference);
      const [old, fresh] = await Promise.all([at(reference, from), at(reference, to)]);
      await push(old, keepTag(from));
      await push(fresh, tag);
    },
  };
}

async function push({ place, bytes, mediaType }: ResolvedImage, tag: string): Promise<void> {
  await pushManifest(place.registry, place.repository, tag, bytes, mediaType);
}

async function attesterOf(options: WorkshopOptions): Promise<Attester> {
  const { http, home, by, services } = options;
  const policy = options.policy();
  const now = options.clock.now().getTime();
  const trusted = scanAuthorities(policy);
  const { roots } = await rootsFor(trusted, { home, http, now, sources: policy.roots });
  return {
    by,
    services,
    trusted: trusted.length === 0 ? signerAuthority(by) : trusted,
    answers: { http, roots, results: diskResults(home.dir('revocation')), now },
  };
}

interface PlatformConfig {
  platform: string;
  config: ImageConfig;
}

/** Configs by digest never change: those of the last bases and images are kept. */
class Configs {
  readonly #kept = new Map<string, PlatformConfig[]>();

  async of(image: ResolvedImage): Promise<PlatformConfig[]> {
    const known = this.#kept.get(image.digest);
    if (known !== undefined) return known;
    const found: PlatformConfig[] = [];
    for (const { digest, platform } of platformsOf(image)) {
      const one = await resolveDigest(image, digest);
      if (one.manifest.kind !== 'manifest') continue;
      const bytes = await fetchBlob(one.place.registry, one.place.repository, one.manifest.config);
      const config = parseConfig(bytes);
      found.push({ platform: platform ?? formatPlatform(config.platform), config });
    }
    if (this.#kept.size >= 2_000) this.#kept.clear();
    this.#kept.set(image.digest, found);
    return found;
  }
}
