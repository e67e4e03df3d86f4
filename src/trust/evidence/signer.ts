// Who made a signature, as proven.

/** Who made a signature, as proven. */
export type Signer =
  /** `fingerprint`: `sha256:` and the hash of the key's SubjectPublicKeyInfo. */
  | { kind: 'key'; fingerprint: string }
  | { kind: 'keyless'; issuer: string; subject: string }
  /** `subject`: distinguished name as RFC 4514 writes it; `fingerprint`: of the leaf certificate. */
  | { kind: 'notation'; subject: string; fingerprint: string };

/** One name for one signer, so that nobody counts twice towards a threshold. */
export function signerName(signer: Signer): string {
  if (signer.kind === 'key') return `key ${signer.fingerprint}`;
  if (signer.kind === 'keyless') return `${signer.subject} (${signer.issuer})`;
  return `x509 ${signer.subject}`;
}
