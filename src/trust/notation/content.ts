// One shape for both envelopes of Notation, and what was signed in them: the description of an image.
import { messageOf, parseJson } from '../../core/index.ts';
import { type Certificate, parseCertificate } from '../certificate/index.ts';
import { Rejection, type Subject } from '../evidence/index.ts';
import type { SignedAttributes } from './attributes.ts';

/** Media types of the layer that holds a signature. */
export const envelopeTypes = { jws: 'application/jose+json', cose: 'application/cose' } as const;

/** Artifact type of the manifest that holds it. */
export const signatureArtifactType = 'application/vnd.cncf.notary.signature';

const mostCertificates = 16;

export interface NotationEnvelope extends SignedAttributes {
  /** What was signed, as it was sent. */
  payload: Buffer;
  /** What the signature is over, made of the bytes as they were sent. */
  signedBytes: Buffer;
  signature: Buffer;
  /** Leaf first; not yet checked. */
  chain: readonly Certificate[];
  /** RFC 3161 token over the signature; not signed itself. */
  timestamp?: Buffer;
  /** What says to have signed; not signed itself. */
  agent?: string;
}

export function certificatesOf(chain: readonly Uint8Array[]): Certificate[] {
  if (chain.length === 0 || chain.length > mostCertificates)
    throw new Rejection(
      'signature-malformed',
      `expected a chain of 1 to ${mostCertificates} certificates, got ${chain.length}`,
    );
  return chain.map(parseCertificate);
}

/** The `targetArtifact` of the payload (signature-specification.md, Payload). Throws Rejection. */
export function readTarget(payload: Uint8Array): Subject {
  let parsed: unknown;
  try {
    parsed = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    throw new Rejection('payload-type', `expected a payload in JSON, got ${messageOf(error)}`);
  }
  const target = (parsed as { targetArtifact?: unknown } | null)?.targetArtifact as
    | Partial<Record<keyof Subject, unknown>>
    | null
    | undefined;
  const { mediaType, digest, size } = target ?? {};
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !Number.isSafeInteger(size))
    throw new Rejection(
      'payload-type',
      'expected a targetArtifact with mediaType, digest and size in the payload, got something else',
    );
  return { mediaType, digest, size: size as number };
}
