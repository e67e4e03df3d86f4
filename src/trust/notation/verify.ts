// Verifies one Notation signature in the order of trust-store-trust-policy.md, Signature verification details.
import { createHash } from 'node:crypto';
import { isFault } from '../../core/index.ts';
import type { Certificate } from '../certificate/index.ts';
import {
  type Answer,
  type Evidence,
  type NotationAuthority,
  type NotationTrustPolicyEntry,
  Rejection,
  type RejectionCode,
  rejected,
  type Signed,
  type Subject,
} from '../evidence/index.ts';
import type { NotationEnvelope } from './content.ts';
import { checkIntegrity, checkTarget } from './integrity.ts';
import { actionsOf, type Check } from './level.ts';
import { formatName } from './name.ts';
import { checkRevocation, type RevocationEvidence } from './revocation.ts';
import { policyFor } from './scope.ts';
import { proveTime } from './time.ts';
import { checkIdentity, checkTrusted, storesOf } from './trust.ts';

/** What a verification goes through. */
interface Walk {
  evidence: Evidence;
  subject: Subject;
  authority: NotationAuthority;
  /** `registry/repository`. */
  scope: string;
  /** Absent: nothing is asked about revocation, and the chains are only collected. */
  revocation: RevocationEvidence | undefined;
  /** Ms since 1970. */
  now: number;
  warnings: string[];
  /** Chains that are trusted, so that their revocation is to be looked up. */
  chains: Certificate[][];
  /** Ms since 1970 at which the answer can become another. */
  until: number[];
}

/** Pure: everything is at hand. A fault of the evidence is an answer; nothing is thrown but bugs. */
export function verifyNotation(
  evidence: Evidence,
  subject: Subject,
  authority: NotationAuthority,
  scope: string,
  revocation: RevocationEvidence,
  now: number,
): Answer {
  const walk: Walk = {
    evidence,
    subject,
    authority,
    scope,
    revocation,
    now,
    warnings: [],
    chains: [],
    until: [],
  };
  const about = { format: 'notation', manifest: evidence.manifest, authority: authority.name } as const;
  try {
    return { ...verify(walk), ...about };
  } catch (error) {
    const rejection = rejectionOf(error, 'signature-malformed');
    return rejected(about, rejection.code, rejection.message);
  }
}

/**
 * The chains (DER, leaf first) whose revocation `verifyNotation` will ask for: those of signatures that are right in
 * every other way. A stranger's certificate never makes anyone fetch the addresses that it names.
 */
export function chainsToCheck(
  evidence: Evidence,
  subject: Subject,
  authority: NotationAuthority,
  scope: string,
  now: number,
): Uint8Array[][] {
  const walk: Walk = {
    evidence,
    subject,
    authority,
    scope,
    revocation: undefined,
    now,
    warnings: [],
    chains: [],
    until: [],
  };
  try {
    verify(walk);
  } catch (error) {
    rejectionOf(error, 'signature-malformed');
    return [];
  }
  return walk.chains.map((chain) => chain.map(({ raw }) => raw));
}

function verify(walk: Walk): Omit<Signed, 'format' | 'manifest' | 'authority'> {
  const { evidence, subject, authority, scope, now } = walk;
  const policy = policyFor(authority.trustPolicy, scope);
  if (policy === undefined)
    throw new Rejection('scope-none', `expected a trust policy for ${scope}, got none in ${authority.name}`);
  if (policy.signatureVerification.level === 'skip')
    throw new Rejection(
      'scope-none',
      `expected a trust policy that verifies signatures of ${scope}, got ${JSON.stringify(policy.name)}, which skips that`,
    );
  const envelope = checkIntegrity(evidence);
  checkTarget(envelope, evidence, subject);
  if (envelope.unknown.length > 0)
    throw new Rejection(
      'attribute-unknown',
      `expected critical attributes that are known, got ${envelope.unknown
        .map((name) => JSON.stringify(name))
        .join(', ')
        .slice(0, 200)}`,
    );
  const trusted = judge(walk, policy, 'authenticity', () => {
    checkTrusted(authority, policy, envelope);
    checkIdentity(policy, envelope.chain[0]!);
  });
  judge(walk, policy, 'expiry', () => checkExpiry(walk, envelope));
  const times: number[] = [];
  judge(walk, policy, 'authenticTimestamp', () => {
    const tsas = storesOf(authority, policy, 'tsa');
    const proven = proveTime(envelope, tsas, policy.signatureVerification.verifyTimestamp ?? 'always', now);
    if (proven.time !== undefined) times.push(proven.time);
    if (proven.until !== undefined) walk.until.push(proven.until);
    if (proven.timestampChain !== undefined) checkRevoked(walk, proven.timestampChain, undefined);
  });
  judge(walk, policy, 'revocation', () => {
    // of a chain that nobody trusts (audit) nothing is asked: it names its responders itself
    if (trusted) checkRevoked(walk, envelope.chain, envelope.authenticSigningTime);
  });
  const [leaf] = envelope.chain;
  return {
    ok: true,
    signer: { kind: 'notation', subject: formatName(leaf!.subject), fingerprint: fingerprintOf(leaf!) },
    times,
    ...(walk.until.length === 0 ? {} : { until: Math.min(...walk.until) }),
    ...(walk.warnings.length === 0 ? {} : { warnings: walk.warnings }),
  };
}

/** One check under the action that the level gives it; whether it passed. */
function judge(walk: Walk, policy: NotationTrustPolicyEntry, check: Check, run: () => void): boolean {
  const action = actionsOf(policy.signatureVerification)[check];
  if (action === 'skip') return false;
  try {
    run();
    return true;
  } catch (error) {
    const rejection = rejectionOf(error, 'trust-root-unusable');
    if (action === 'enforce') throw rejection;
    walk.warnings.push(`${check}: ${rejection.message}`);
    return false;
  }
}

function checkExpiry({ now, until }: Walk, { expiry }: NotationEnvelope): void {
  if (expiry === undefined) return;
  if (now >= expiry)
    throw new Rejection(
      'signature-expired',
      `expected a signature in force, got one that expired at ${new Date(expiry).toISOString()}`,
    );
  until.push(expiry);
}

function checkRevoked(walk: Walk, chain: readonly Certificate[], signedAt: number | undefined): void {
  walk.chains.push([...chain]);
  if (walk.revocation === undefined) return;
  const found = checkRevocation(chain, walk.revocation, walk.now, signedAt);
  if (found.state === 'revoked') throw new Rejection('certificate-revoked', found.message);
  if (found.state === 'unknown') throw new Rejection('revocation-unknown', found.message);
  if (found.state === 'good' && found.until !== undefined) walk.until.push(found.until);
}

function fingerprintOf({ raw }: Certificate): string {
  return `sha256:${createHash('sha256').update(raw).digest('hex')}`;
}

/** Faults of parsers are answers here; a bug stays one. */
function rejectionOf(error: unknown, code: RejectionCode): Rejection {
  if (error instanceof Rejection) return error;
  if (!isFault(error)) throw error;
  return new Rejection(code, error.message);
}
