// Verifies a Sigstore signature in the order of the specification: time, certificate, identity, log, signature, and
// then what the signed bytes say (sigstore/architecture-docs client-spec.md section 4). Pure and synchronous.
import { createHash, createPublicKey } from 'node:crypto';
import { isFault, messageOf } from '../../core/index.ts';
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
import type { SigstoreRoot } from '../root/index.ts';
import { parseBundle } from './bundle.ts';
import { contentOf } from './content.ts';
import type { SignedEntity } from './entity.ts';
import { checkIdentity, identityOf } from './identity.ts';
import { checkCertificate } from './issuer.ts';
import { isSignature } from './signature.ts';
import { parseCosign } from './simplesigning.ts';
import { provenTimes } from './time.ts';
import { keyUntil, keyWindow } from './window.ts';

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
  const times = provenTimes(entity, { spki }, root, authority.proofs, now);
  keyWindow(key, times, now);
  const signer: Signer = {
    kind: 'key',
    fingerprint: `sha256:${createHash('sha256').update(spki).digest('hex')}`,
  };
  const until = keyUntil(key, times, now);
  return { signer, times, ...(until === undefined ? {} : { until }) };
}

function byCertificate(
  entity: SignedEntity,
  authority: KeylessAuthority,
  { root, now }: SigstoreMaterial,
): Found {
  const { certificate } = entity;
  if (certificate === undefined)
    throw new Rejection(
      'certificate-untrusted',
      'expected a certificate of a trusted authority, got a signature by a bare key',
    );
  if (root === undefined)
    throw new Rejection('trust-root-unusable', `expected the trust root "${authority.root}", got none`);
  const verifier = { spki: certificate.spki, certificate: certificate.raw };
  const times = provenTimes(entity, verifier, root, { ...authority.proofs, log: true }, now);
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
