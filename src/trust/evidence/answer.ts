// What a verification answers: signed by whom and when, or rejected for which reason.
import type { Format } from './evidence.ts';

/** Who made a signature, as proven. */
export type Signer =
  /** `fingerprint`: `sha256:` and the hash of the key's SubjectPublicKeyInfo. */
  | { kind: 'key'; fingerprint: string }
  | { kind: 'keyless'; issuer: string; subject: string }
  /** `subject`: distinguished name as RFC 4514 writes it; `fingerprint`: of the leaf certificate. */
  | { kind: 'notation'; subject: string; fingerprint: string };

/** A signature that was verified, with what it says. */
export interface Signed {
  ok: true;
  format: Format;
  /** Digest of the manifest that carried it. */
  manifest: string;
  /** Name of the authority it satisfies. */
  authority: string;
  signer: Signer;
  /** An in-toto statement; absent: a signature of the image. */
  attestation?: { predicateType: string; predicate: unknown };
  /** Times, in ms since 1970, at which a log or a timestamp authority proves that the signature existed. */
  times: readonly number[];
  /** Ms since 1970 at which this answer can become another one (a certificate or key runs out, a CRL ends). */
  until?: number;
  /** What a Notation level only logs. */
  warnings?: readonly string[];
}

/** Every reason with what it means; docs/rejections.md explains them and the catalogue test compares. */
export const rejections = {
  'signature-malformed': 'the signature or its envelope could not be parsed',
  'signature-too-large': 'the signature or a part of it is larger than the limits allow',
  'signature-wrong': 'the signature does not fit the key and the signed bytes',
  'digest-other': 'what was signed is another image',
  'payload-type': 'what was signed is not a statement about a container image',
  'predicate-type': 'the statement is of another type than the one asked for',
  'key-unknown': 'the signature was made by a key that nobody here trusts',
  'key-outside-window': 'the key does not count at the time of the signature',
  'identity-other': 'the certificate names another identity or issuer',
  'certificate-untrusted': 'the certificate does not lead to a trusted authority',
  'certificate-unfit': 'the certificate may not be used for this',
  'certificate-expired': 'the certificate was not valid when the signature was made',
  'certificate-revoked': 'the certificate was revoked',
  'revocation-unknown': 'whether the certificate was revoked could not be found out',
  'sct-missing': 'no trusted certificate log vouches for the certificate',
  'log-missing': 'no trusted transparency log vouches for the signature',
  'log-entry-other': 'the log entry is about another signature, key or image',
  'log-proof-wrong': 'the proof of the log does not lead to a root that a trusted log signed',
  'timestamp-missing': 'no trusted timestamp says when the signature was made',
  'timestamp-wrong': 'the timestamp is not one of a trusted authority over this signature',
  'signature-expired': 'the signature says itself that it has expired',
  'algorithm-refused': 'the algorithm is weak or does not fit the key',
  'attribute-unknown': 'the signature has a critical part that is not understood',
  'scope-none': 'no trust policy is for this repository',
  'trust-root-unusable': 'the trust root lacks what is needed or is out of date',
} as const;

export type RejectionCode = keyof typeof rejections;

/** Reasons that leave open what the right answer is: they make a verdict undecided, not denied. */
const open: ReadonlySet<RejectionCode> = new Set<RejectionCode>([
  'signature-malformed',
  'signature-too-large',
  'revocation-unknown',
  'trust-root-unusable',
]);

export interface Rejected {
  ok: false;
  format: Format;
  manifest: string;
  authority: string;
  code: RejectionCode;
  /** One sentence: expected …, got …. */
  message: string;
  /** The evidence could not be judged; another look may say otherwise. */
  undecided: boolean;
}

export type Answer = Signed | Rejected;

export function rejected(
  about: { format: Format; manifest: string; authority: string },
  code: RejectionCode,
  message: string,
): Rejected {
  const { format, manifest, authority } = about;
  return { ok: false, format, manifest, authority, code, message, undecided: open.has(code) };
}

/** One name for one signer, so that nobody counts twice towards a threshold. */
export function signerName(signer: Signer): string {
  if (signer.kind === 'key') return `key ${signer.fingerprint}`;
  if (signer.kind === 'keyless') return `${signer.subject} (${signer.issuer})`;
  return `x509 ${signer.subject}`;
}

/** Thrown inside a verifier and turned into its answer at the verifier's door. */
export class Rejection extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode, message: string) {
    super(message);
    this.code = code;
  }
}
