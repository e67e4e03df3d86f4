// Policies, facts and statements of made-up signers, for tests of judging.
import { generateKeyPairSync } from 'node:crypto';
import { parseReference } from '../image/index.ts';
import type { Finding, ScanResult } from '../scan/match/index.ts';
import {
  type Format,
  type Rejected,
  type RejectionCode,
  rejected,
  type Signed,
} from '../trust/evidence/index.ts';
import type { ImageFacts, ImagePolicy, ManifestFacts, RuleOutcome, Verdict } from '../trust/policy/index.ts';
import { judge } from '../trust/policy/judge.ts';
import { parsePolicy } from '../trust/policy/parse.ts';
import { scanResultType, summaryType } from '../trust/policy/predicates.ts';

export const policyNow: number = Date.parse('2026-11-27T12:00:00Z');
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;
export const digestA = `sha256:${'a'.repeat(64)}`;
export const digestB = `sha256:${'b'.repeat(64)}`;
export const digestIndex = `sha256:${'1'.repeat(64)}`;

const keys = new Map<string, string>();

/** One public key for each path. */
export function keyFile(path: string): string {
  const known = keys.get(path);
  if (known !== undefined) return known;
  const made = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  });
  keys.set(path, made.toString());
  return made.toString();
}

/** Three authorities, `build`, `ci` (keyless) and `scanner`, and what is given. */
export function policyOf(spec: Record<string, unknown>): ImagePolicy {
  const document = {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'production' },
    spec: {
      authorities: [
        { name: 'build', key: { keys: [{ file: 'keys/build.pub' }] } },
        { name: 'scanner', key: { keys: [{ file: 'keys/scanner.pub' }] } },
        {
          name: 'ci',
          keyless: {
            identities: [
              { issuer: 'https://token.example.com', subject: 'https://github.com/org/repo/w.yml' },
            ],
          },
        },
      ],
      ...spec,
    },
  };
  return parsePolicy(JSON.stringify(document), 'policy.yaml', keyFile);
}

export function factsOf(manifest: Partial<ManifestFacts> = {}, more: Partial<ImageFacts> = {}): ImageFacts {
  return {
    reference: parseReference('registry.example.com/team/app:1.2'),
    given: 'tag',
    digest: digestA,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    labels: {},
    platforms: [{ digest: digestA, platform: 'linux/amd64', answers: [], unlisted: [], ...manifest }],
    ...more,
  };
}

let made = 0;

/** A digest of nothing in particular, another one each time. */
export function someDigest(): string {
  return `sha256:${(++made).toString(16).padStart(64, '0')}`;
}

export function signedBy(authority: string, who: string = authority, more: Partial<Signed> = {}): Signed {
  return {
    ok: true,
    format: 'bundle',
    manifest: someDigest(),
    authority,
    signer: { kind: 'key', fingerprint: `sha256:${who}` },
    times: [],
    ...more,
  };
}

export function attestedBy(
  authority: string,
  predicateType: string,
  predicate: unknown,
  more: Partial<Signed> = {},
): Signed {
  return signedBy(authority, authority, { attestation: { predicateType, predicate }, ...more });
}

export function rejectedBy(authority: string, code: RejectionCode, format: Format = 'bundle'): Rejected {
  return rejected({ format, manifest: someDigest(), authority }, code, `expected better, got ${code}`);
}

export function findingOf(id: string, more: Record<string, unknown> = {}): Finding {
  return {
    state: 'affected',
    id,
    aliases: [],
    advisories: [id],
    purl: 'pkg:deb/debian/openssl@3.0.1',
    name: 'openssl',
    version: '3.0.1',
    location: 'var/lib/dpkg/status',
    introducedBy: 'unknown',
    severity: { level: 'critical', score: 9.8 },
    fixedIn: [{ version: '3.0.2', advisory: 'DSA-1' }],
    priority: 60,
    published: '2026-01-01T00:00:00Z',
    ...more,
  } as Finding;
}

/** A scan an hour ago, by advisories that were a day old. */
export function scanOf(findings: readonly Finding[] = [], more: Record<string, unknown> = {}): ScanResult {
  const source = {
    from: 'https://osv.example.com',
    kind: 'url',
    records: 1,
    newest: '2026-11-26T00:00:00Z',
    licence: 'x',
  };
  return {
    schemaVersion: 1,
    tool: { name: 'seaworthy', version: '0.0.0' },
    scannedAt: new Date(policyNow - hourMs).toISOString(),
    target: { target: 'x', kind: 'image', from: 'registry', reference: 'x', digest: digestA, layers: [] },
    packages: [],
    findings,
    plan: [],
    undecided: [],
    sources: [{ ecosystem: 'Debian:12', packages: 1, rows: 1, knows: 'also unfixed' }],
    database: {
      revision: 'r',
      isSeed: false,
      sources: [
        { name: 'Debian', ...source, ageDays: 1 },
        { name: 'EPSS', ...source, ageDays: 1 },
        { name: 'KEV', ...source, ageDays: 1 },
      ],
    },
    executables: { unattributed: [], unowned: 0 },
    suppressions: { expired: [], unused: [] },
    ...more,
  } as unknown as ScanResult;
}

export function scannedBy(authority: string, result: unknown): Signed {
  return attestedBy(authority, scanResultType, result);
}

export function summarisedBy(authority: string, predicate: unknown): Signed {
  return attestedBy(authority, summaryType, predicate);
}

/** The verdict for admission, and its only or last rule. */
export function judged(
  policy: ImagePolicy,
  facts: ImageFacts,
  now: number = policyNow,
): { verdict: Verdict; rule: RuleOutcome; says: string } {
  const verdict = judge(policy, facts, now, 'admission');
  const rule = verdict.rules.at(-1)!;
  return {
    verdict,
    rule,
    says: `${verdict.decision} ${rule.outcome}${rule.code === undefined ? '' : ` ${rule.code}`}`,
  };
}
