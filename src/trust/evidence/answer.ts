// What a verification answers: signed by whom and when, or rejected for which reason.
import type { Format } from './evidence.ts';
import { openRejections, type RejectionCode } from './rejection.ts';
import type { Signer } from './signer.ts';

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
  /**
   * Predicate type that the evidence lays claim to, empty for a statement that names none; absent: it may be a signature.
   * Nobody vouches for it: it only chooses which rule tells of the rejection.
   */
  states?: string;
}

export type Answer = Signed | Rejected;

export function rejected(
  about: { format: Format; manifest: string; authority: string },
  code: RejectionCode,
  message: string,
): Rejected {
  const { format, manifest, authority } = about;
  return { ok: false, format, manifest, authority, code, message, undecided: openRejections.has(code) };
}
