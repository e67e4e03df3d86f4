// seaworthy scan REF --attest: every platform scanned, and inventory, result and summary signed beside each.
import { systemClock } from '../core/index.ts';
import {
  formatSbom,
  inspectTarget,
  judgeInventory,
  type ScanOptions,
  type ScanResult,
} from '../scan/index.ts';
import { diskResults } from '../store/index.ts';
import {
  type Attester,
  createChecker,
  earlierEvidence,
  type ImagePolicy,
  inventoryType,
  makeSummary,
  pinned,
  platformsOf,
  type ResolvedImage,
  replaceStatement,
  resolveDigest,
  resolveImage,
  rootsFor,
  scanAuthorities,
  scanPredicate,
  scanResultType,
  signerAuthority,
  summaryType,
  verifyHere,
  withSince,
} from '../trust/index.ts';
import { CliFault } from './fault.ts';
import type { Setting } from './setting.ts';
import { bundleServices, bundleSigner } from './signing.ts';
import type { SigningOptions } from './signingoptions.ts';

export interface AttestOptions {
  signing: SigningOptions;
  policy: ImagePolicy | undefined;
  labels: Readonly<Record<string, string>>;
  registry: { plainHttp: boolean; realms: readonly string[] };
  /** One result is wanted, since it goes to one document. */
  single: boolean;
  /** `linux/amd64`; all platforms when left out. */
  platform?: string;
}

/** The results, one for each platform, in the order of the index. */
export async function scanAndAttest(
  reference: string,
  options: AttestOptions,
  scan: ScanOptions,
  setting: Setting,
): Promise<ScanResult[]> {
  const { http, home } = setting;
  const now = systemClock.now().getTime();
  const by = await bundleSigner(options.signing, setting);
  const image = await resolveImage(reference, { http, ...options.registry });
  const trusted = options.policy === undefined ? signerAuthority(by) : scanAuthorities(options.policy);
  const { roots } = await rootsFor(trusted, { home, http, now, sources: options.policy?.roots ?? [] });
  const attester: Attester = {
    by,
    services: bundleServices(options.signing, setting),
    trusted,
    answers: { http, roots, results: diskResults(home.dir('revocation')), now },
  };
  const results: ScanResult[] = [];
  for (const digest of chosen(image, options)) {
    results.push(
      await attestOne(await resolveDigest(image, digest), image, options, scan, attester, setting),
    );
  }
  return results;
}

/** Throws CliFault `option-invalid`. */
function chosen(image: ResolvedImage, { platform: wanted, single }: AttestOptions): string[] {
  const entries = platformsOf(image);
  const fitting = entries.filter(
    ({ platform }) => wanted === undefined || platform === undefined || platform === wanted,
  );
  const known = entries.map(({ platform }) => platform ?? 'unknown').join(', ');
  if (fitting.length === 0)
    throw new CliFault('option-invalid', `expected a platform of the image (${known}), got ${wanted}`);
  if (single && fitting.length > 1)
    throw new CliFault(
      'option-invalid',
      `expected --platform with an output for one result, got an image for ${known}`,
    );
  return fitting.map(({ digest }) => digest);
}

async function attestOne(
  image: ResolvedImage,
  named: ResolvedImage,
  options: AttestOptions,
  scan: ScanOptions,
  attester: Attester,
  setting: Setting,
): Promise<ScanResult> {
  const earlier = await earlierEvidence(image, attester);
  const inspected = await inspectTarget(`registry:${pinned(image)}`, scan);
  const { domain, repository, tag } = named.reference;
  inspected.target.reference =
    tag === undefined ? pinned(image) : `${domain}/${repository}:${tag}@${image.digest}`;
  const result = withSince(judgeInventory(inspected, scan), earlier);
  const inventory: unknown = JSON.parse(await formatSbom(inspected, 'cyclonedx', systemClock.now()));
  const attached = [
    await replaceStatement(image, inventoryType, inventory, attester, earlier),
    await replaceStatement(image, scanResultType, scanPredicate(result), attester, earlier),
  ];
  if (options.policy !== undefined) {
    const { predicate, problem } = await summarise(image, options, options.policy, setting);
    if (predicate !== undefined)
      attached.push(await replaceStatement(image, summaryType, predicate, attester, earlier));
    else process.stderr.write(`no verification summary: ${problem}\n`);
  }
  process.stderr.write(`attested ${pinned(image)}\n${attached.map((digest) => `  ${digest}\n`).join('')}`);
  return result;
}

/** Judged as enforced, from the evidence that now lies beside the image, and never from a summary. */
async function summarise(
  image: ResolvedImage,
  options: AttestOptions,
  policy: ImagePolicy,
  { http, home }: Setting,
) {
  const checker = createChecker({ home, http, clock: systemClock, verify: verifyHere, ...options.registry });
  const { facts, verdict } = await checker.check({
    reference: image.reference,
    policy,
    labels: options.labels,
    purpose: 'release',
  });
  if (facts === undefined) return { problem: verdict.rules[0]?.found ?? 'the policy does not allow it' };
  const predicate = makeSummary(policy, facts, image.digest, systemClock.now().getTime());
  if (predicate === undefined) return { problem: 'no rule of the policy on vulnerabilities could be judged' };
  return { predicate, problem: '' };
}
