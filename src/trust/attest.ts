// Evidence of a scan, signed beside the image: inventory, result and, under a policy, a verification summary. New
// evidence takes the place of old, so that what lies beside an image stays bounded.

import type { ScanResult } from '../scan/index.ts';
import { type Answers, type AnswersOptions, answersFor } from './answers.ts';
import { detach } from './attach.ts';
import type { Authority, Signed } from './evidence/index.ts';
import { publicPem } from './key/index.ts';
import type { ResolvedImage } from './place.ts';
import { type ImagePolicy, scanResultType, summaryType } from './policy/index.ts';
import { attachStatement } from './sign.ts';
import type { BundleServices, BundleSigner } from './sigstore/index.ts';

export const inventoryType = 'https://cyclonedx.org/bom';

export interface Attester {
  by: BundleSigner;
  services: BundleServices;
  /** Whose earlier evidence counts: those that the policy trusts for scans, else the signing key itself. */
  trusted: readonly Authority[];
  answers: AnswersOptions;
}

/** The signing key as an authority; a keyless signer is known only by a policy. */
export function signerAuthority(by: BundleSigner): Authority[] {
  if (!('key' in by)) return [];
  return [{ kind: 'key', name: 'signing key', keys: [{ pem: publicPem(by.key.publicKey) }], proofs: {} }];
}

/** Authorities whose scan results a policy trusts for this image. */
export function scanAuthorities(policy: ImagePolicy): Authority[] {
  const names = new Set(policy.rules.flatMap((rule) => (rule.kind === 'vulnerabilities' ? rule.by : [])));
  return policy.authorities.filter(({ name }) => names.has(name));
}

/** What trusted signers said of this image before. */
export async function earlierEvidence(
  image: ResolvedImage,
  { trusted, answers }: Attester,
): Promise<Answers> {
  const predicateTypes = [scanResultType, inventoryType, summaryType];
  return answersFor(image, { authorities: trusted, formats: [], predicateTypes }, answers);
}

/** Each finding's `since`: when a trusted result first had it for this digest, else this scan. */
export function withSince(result: ScanResult, earlier: Answers): ScanResult {
  const first = new Map<string, string>();
  for (const { scannedAt, findings } of earlier.answers.flatMap(scanOf)) {
    for (const { id, purl, since } of findings) {
      const at = since ?? scannedAt;
      const known = first.get(`${id} ${purl}`);
      if (known === undefined || at < known) first.set(`${id} ${purl}`, at);
    }
  }
  return {
    ...result,
    findings: result.findings.map((finding) => ({
      ...finding,
      since: first.get(`${finding.id} ${finding.purl}`) ?? result.scannedAt,
    })),
  };
}

interface EarlierScan {
  scannedAt: string;
  findings: { id: string; purl: string; since?: string }[];
}

/** Signed by someone trusted, and yet only data: whatever has another shape says nothing. */
function scanOf(answer: Answers['answers'][number]): EarlierScan[] {
  if (!answer.ok || answer.attestation?.predicateType !== scanResultType) return [];
  const { scannedAt, findings } = (answer.attestation.predicate ?? {}) as {
    scannedAt?: unknown;
    findings?: unknown;
  };
  if (!isTime(scannedAt) || !Array.isArray(findings)) return [];
  const sound = findings.filter(
    (finding): finding is EarlierScan['findings'][number] =>
      typeof finding?.id === 'string' &&
      typeof finding.purl === 'string' &&
      (finding.since === undefined || isTime(finding.since)),
  );
  return [{ scannedAt, findings: sound }];
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

/** The result as it is signed: the packages are the inventory's to tell. */
export function scanPredicate({ packages: _, ...result }: ScanResult): unknown {
  return result;
}

/** Signs and attaches a statement, and removes what the same signers said before of the same type. */
export async function replaceStatement(
  image: ResolvedImage,
  type: string,
  predicate: unknown,
  attester: Attester,
  earlier: Answers,
): Promise<string> {
  const { manifest } = await attachStatement(
    image,
    type,
    predicate,
    attester.by,
    attester.services,
    attester.answers.now,
  );
  const old = earlier.answers.filter(
    (answer): answer is Signed =>
      answer.ok && answer.format === 'bundle' && answer.attestation?.predicateType === type,
  );
  const digests = [...new Set(old.map((answer) => answer.manifest))].filter((digest) => digest !== manifest);
  if (digests.length > 0) await detach(image.place, image.digest, digests);
  return manifest;
}
