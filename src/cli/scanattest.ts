// seaworthy scan REF --attest: every platform scanned, and inventory, result and summary signed beside each.
import { systemClock } from '../core/index.ts';
import type { ScanOptions, ScanResult } from '../scan/index.ts';
import { diskResults } from '../store/index.ts';
import {
  type Attester,
  attestScan,
  createChecker,
  type ImagePolicy,
  pinned,
  platformsOf,
  type ResolvedImage,
  resolveDigest,
  resolveImage,
  rootsFor,
  scanAuthorities,
  signerAuthority,
  verifyHere,
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
  { http, home }: Setting,
): Promise<ScanResult> {
  const { policy, labels, registry } = options;
  const checker = createChecker({ home, http, clock: systemClock, verify: verifyHere, ...registry });
  const { result, attached, problem } = await attestScan(image, named, {
    scan,
    database: () => scan.database,
    attester,
    clock: systemClock,
    ...(policy === undefined ? {} : { summary: { policy, checker, labels } }),
  });
  if (problem !== undefined) process.stderr.write(`no verification summary: ${problem}\n`);
  process.stderr.write(`attested ${pinned(image)}\n${attached.map((digest) => `  ${digest}\n`).join('')}`);
  return result;
}
