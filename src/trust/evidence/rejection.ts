// Why a signature does not count, each reason with its code.

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
export const openRejections: ReadonlySet<RejectionCode> = new Set<RejectionCode>([
  'signature-malformed',
  'signature-too-large',
  'revocation-unknown',
  'trust-root-unusable',
]);

/** Thrown inside a verifier and turned into its answer at the verifier's door. */
export class Rejection extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode, message: string) {
    super(message);
    this.code = code;
  }
}
