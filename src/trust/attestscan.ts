// One platform scanned, and inventory, result and verification summary signed beside it.
import type { Clock } from '../core/index.ts';
import {
  type AdvisoryDatabase,
  formatSbom,
  inspectTarget,
  judgeInventory,
  type ScanOptions,
  type ScanResult,
} from '../scan/index.ts';
import {
  type Attester,
  earlierEvidence,
  inventoryType,
  replaceStatement,
  scanPredicate,
  withSince,
} from './attest.ts';
import type { Checker } from './check.ts';
import { pinned, type ResolvedImage } from './place.ts';
import { type ImagePolicy, makeSummary, scanResultType, summaryType } from './policy/index.ts';

export interface AttestScanOptions {
  scan: Omit<ScanOptions, 'database'>;
  /** Asked once the image was looked into: one that was opened before may be closed by then, for a newer one. */
  database(): AdvisoryDatabase | undefined;
  attester: Attester;
  clock: Clock;
  /** What the summary is made under; none is made when left out. */
  summary?: { policy: ImagePolicy; checker: Checker; labels: Readonly<Record<string, string>> };
}

export interface AttestedScan {
  result: ScanResult;
  /** Digests of the manifests that were attached. */
  attached: string[];
  /** Why there is no summary. */
  problem?: string;
}

/** `named`: the image or index as the caller named it. Throws Faults of transport, scan and trust. */
export async function attestScan(
  image: ResolvedImage,
  named: ResolvedImage,
  { scan, database, attester, clock, summary }: AttestScanOptions,
): Promise<AttestedScan> {
  const earlier = await earlierEvidence(image, attester);
  const inspected = await inspectTarget(`registry:${pinned(image)}`, scan);
  const { domain, repository, tag } = named.reference;
  inspected.target.reference =
    tag === undefined ? pinned(image) : `${domain}/${repository}:${tag}@${image.digest}`;
  const result = withSince(judgeInventory(inspected, { ...scan, database: database() }), earlier);
  const inventory: unknown = JSON.parse(await formatSbom(inspected, 'cyclonedx', clock.now()));
  const attached = [
    await replaceStatement(image, inventoryType, inventory, attester, earlier),
    await replaceStatement(image, scanResultType, scanPredicate(result), attester, earlier),
  ];
  if (summary === undefined) return { result, attached };
  const { predicate, problem } = await summarise(image, clock, summary);
  if (predicate === undefined) return { result, attached, problem };
  attached.push(await replaceStatement(image, summaryType, predicate, attester, earlier));
  return { result, attached };
}

/** Judged as enforced, from the evidence that now lies beside the image, and never from a summary. */
async function summarise(
  image: ResolvedImage,
  clock: Clock,
  { policy, checker, labels }: NonNullable<AttestScanOptions['summary']>,
) {
  const { facts, verdict } = await checker.check({
    reference: image.reference,
    policy,
    labels,
    purpose: 'release',
  });
  if (facts === undefined) return { problem: verdict.rules[0]?.found ?? 'the policy does not allow it' };
  const predicate = makeSummary(policy, facts, image.digest, clock.now().getTime());
  if (predicate === undefined) return { problem: 'no rule of the policy on vulnerabilities could be judged' };
  return { predicate, problem: '' };
}
