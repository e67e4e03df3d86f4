// Verifies a Sigstore signature in the order of the specification: time, certificate, identity, log, signature, and
// then what the signed bytes say (sigstore/architecture-docs client-spec.md section 4). Pure and synchronous.
import { constants, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { isFault, messageOf } from '../../core/index.ts';
import { inTotoType, parseStatement } from '../../image/index.ts';
import { buildChain, type Certificate, verifyTimestamp } from '../certificate/index.ts';
import {
  type Answer,
  type Evidence,
  type KeyAuthority,
  type KeylessAuthority,
  Rejection,
  rejected,
  type Signed,
  type Signer,
  type Subject,
} from '../evidence/index.ts';
import { isWithin, type SigstoreRoot } from '../root/index.ts';
import { parseBundle } from './bundle.ts';
import type { SignedEntity } from './entity.ts';
import { checkIdentity, identityOf } from './identity.ts';
import { verifyEntries } from './log.ts';
import { checkSct } from './sct.ts';
import { digestOfPayload, parseCosign } from './simplesigning.ts';
import { keyUntil, keyWindow } from './window.ts';

/** The statement that cosign 3 signs for an image; every other one is an attestation and no signature. */
export const cosignSignPredicate = 'https://sigstore.dev/cosign/sign/v1';

export interface SigstoreMaterial {
  subject: Subject;
  /** The manifest's bytes, for bundles that sign them directly. */
  manifest?: Uint8Array;
  /** Undefined: there is none, so proofs cannot be judged. */
  root: SigstoreRoot | undefined;
  /** Ms since 1970. */
  now: number;
}

/** One signature or attestation against one authority. */
export function verifySigstore(
  evidence: Evidence,
  authority: KeyAuthority | KeylessAuthority,
  material: SigstoreMaterial,
): Answer {
  const about = { format: evidence.format, manifest: evidence.manifest, authority: authority.name };
  try {
    const entity =
      evidence.format === 'bundle' ? parseBundle(evidence.payload, material.manifest) : parseCosign(evidence);
    const found =
      authority.kind === 'key'
        ? byKey(entity, authority, material)
        : byCertificate(entity, authority, material);
    const attestation = contentOf(entity, material.subject.digest);
    return { ok: true, ...about, ...found, ...(attestation === undefined ? {} : { attestation }) };
  } catch (error) {
    if (error instanceof Rejection) return rejected(about, error.code, error.message);
    // anything that does not parse is a stranger's document, not our bug
    if (isFault(error)) return rejected(about, 'signature-malformed', messageOf(error));
    throw error;
  }
}

type Found = Pick<Signed, 'signer' | 'times' | 'until'>;

function byKey(entity: SignedEntity, authority: KeyAuthority, { root, now }: SigstoreMaterial): Found {
  if (entity.certificate !== undefined)
    throw new Rejection('key-unknown', 'expected a signature by a key, got one by a certificate');
  const trusted = authority.keys.map((key) => ({ ...key, object: createPublicKey(key.pem) }));
  const key = trusted.find(({ object }) => isSignature(entity, object));
  if (key === undefined)
    throw new Rejection(
      'key-unknown',
      'expected a signature by a trusted key, got one by another key or over other bytes',
    );
  const spki = key.object.export({ type: 'spki', format: 'der' });
  const times = provenTimes(entity, { spki }, root, authority.proofs);
  keyWindow(key, times, now);
  const signer: Signer = {
    kind: 'key',
    fingerprint: `sha256:${createHash('sha256').update(spki).digest('hex')}`,
  };
  const until = keyUntil(key, times, now);
  return { signer, times, ...(until === undefined ? {} : { until }) };
}

function byCertificate(entity: SignedEntity, authority: KeylessAuthority, { root }: SigstoreMaterial): Found {
  const { certificate } = entity;
  if (certificate === undefined)
    throw new Rejection(
      'certificate-untrusted',
      'expected a certificate of a trusted authority, got a signature by a bare key',
    );
  if (root === undefined)
    throw new Rejection('trust-root-unusable', `expected the trust root "${authority.root}", got none`);
  const verifier = { spki: certificate.spki, certificate: certificate.raw };
  const times = provenTimes(entity, verifier, root, { ...authority.proofs, log: true });
  if (times.length === 0)
    throw new Rejection('timestamp-missing', 'expected a trusted time of the signature, got none');
  for (const time of times) checkCertificate(certificate, entity.intermediates, root, time);
  const identity = identityOf(certificate);
  checkIdentity(identity, authority.identities);
  if (!isSignature(entity, certificate.publicKey))
    throw new Rejection(
      'signature-wrong',
      "expected a signature by the certificate's key, got one that does not fit",
    );
  return { signer: { kind: 'keyless', ...identity }, times };
}

/** Chain, purpose and certificate log, at the time of the signature. */
function checkCertificate(
  certificate: Certificate,
  brought: readonly Certificate[],
  root: SigstoreRoot,
  time: number,
): void {
  let problem: 'untrusted' | 'expired' = 'untrusted';
  for (const authority of root.authorities) {
    const chain = buildChain(certificate, [...authority.intermediates, ...brought], authority.roots, time);
    if (chain === 'untrusted') continue;
    if (chain === 'expired' || !isWithin(authority.validFor, time)) {
      problem = 'expired';
      continue;
    }
    if (certificate.extendedKeyUsage?.includes('1.3.6.1.5.5.7.3.3') !== true || certificate.ca === true)
      throw new Rejection(
        'certificate-unfit',
        'expected a certificate for code signing, got one for something else',
      );
    checkSct(certificate, chain[1] ?? chain[0]!, root.certificateLogs);
    return;
  }
  const at = new Date(time).toISOString();
  if (problem === 'expired')
    throw new Rejection(
      'certificate-expired',
      `expected a certificate that was valid at ${at}, got one that was not`,
    );
  throw new Rejection(
    'certificate-untrusted',
    'expected a certificate of a trusted authority, got one of another',
  );
}

/** Ms since 1970 at which trusted logs and timestamp authorities saw this very signature. */
function provenTimes(
  entity: SignedEntity,
  verifier: Parameters<typeof verifyEntries>[1],
  root: SigstoreRoot | undefined,
  proofs: KeyAuthority['proofs'],
): number[] {
  if (root === undefined) {
    if (proofs.log || proofs.timestamp)
      throw new Rejection(
        'trust-root-unusable',
        'expected a trust root to judge log and timestamp by, got none',
      );
    return [];
  }
  const logged = verifyEntries(entity, verifier, root);
  if (proofs.log && logged.logs.size === 0)
    throw new Rejection('log-missing', 'expected an entry of a trusted transparency log, got none');
  const stamped: number[] = [];
  let reason: string | undefined;
  for (const timestamp of entity.timestamps) {
    try {
      stamped.push(verifyTimestamp(timestamp, entity.timestamped, root.timestampAuthorities).time);
    } catch (error) {
      if (!isFault(error)) throw error;
      reason = error.message;
    }
  }
  if (stamped.length === 0 && reason !== undefined && (proofs.timestamp || logged.times.length === 0))
    if (proofs.timestamp || proofs.log) throw new Rejection('timestamp-wrong', reason);
  if (proofs.timestamp && stamped.length === 0)
    throw new Rejection('timestamp-missing', 'expected a timestamp of a trusted authority, got none');
  return [...logged.times, ...stamped];
}

function isSignature(
  { signed, signature }: Pick<SignedEntity, 'signed' | 'signature'>,
  key: KeyObject,
): boolean {
  return (
    digestsOf(key).some((digest) => verify(digest, signed, key, signature)) || isPss(signed, signature, key)
  );
}

/** The digests that go with a key: cosign signs with SHA-256 whatever the curve, newer clients with the curve's own. */
function digestsOf(key: KeyObject): (string | null)[] {
  if (key.asymmetricKeyType === 'ed25519') return [null];
  if (key.asymmetricKeyType === 'rsa')
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? ['sha256'] : [];
  if (key.asymmetricKeyType !== 'ec') return [];
  const curves: Readonly<Record<string, string[]>> = {
    prime256v1: ['sha256'],
    secp384r1: ['sha384', 'sha256'],
    secp521r1: ['sha512', 'sha256'],
  };
  return curves[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? [];
}

function isPss(signed: Buffer, signature: Buffer, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return false;
  return verify(
    'sha256',
    signed,
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    signature,
  );
}

/** What the verified bytes are about; an attestation where they are one. Throws Rejection unless it is this image. */
function contentOf(entity: SignedEntity, digest: string): Signed['attestation'] {
  if (entity.content.kind === 'manifest') return undefined;
  if (entity.content.kind === 'payload') {
    const named = digestOfPayload(entity.signed);
    if (named !== digest)
      throw new Rejection(
        'digest-other',
        `expected a signature of ${digest}, got one of ${named.slice(0, 80)}`,
      );
    return undefined;
  }
  const { envelope } = entity.content;
  if (envelope.payloadType !== inTotoType)
    throw new Rejection(
      'payload-type',
      `expected ${inTotoType}, got ${JSON.stringify(envelope.payloadType.slice(0, 100))}`,
    );
  const { subjects, predicateType, predicate } = parseStatement(envelope.payload);
  if (!subjects.includes(digest))
    throw new Rejection(
      'digest-other',
      `expected a statement about ${digest}, got one about ${subjects[0] ?? 'nothing with a digest'}`,
    );
  return predicateType === cosignSignPredicate ? undefined : { predicateType, predicate };
}
