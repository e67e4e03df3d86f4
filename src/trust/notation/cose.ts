// Notation signatures as COSE_Sign1 (signature-envelope-cose.md, RFC 9052 section 4.2).
import { decode, encode, Tagged } from 'cborg';
import { messageOf } from '../../core/index.ts';
import { attributeNames, malformed, readAttributes } from './attributes.ts';
import { certificatesOf, type NotationEnvelope } from './content.ts';

/** Labels of RFC 9052 section 3.1 and RFC 9360. */
export const labels = { algorithm: 1, critical: 2, contentType: 3, chain: 33 } as const;

/** Numbers of RFC 9053 and RFC 8230. */
export const coseAlgorithms = {
  PS256: -37,
  PS384: -38,
  PS512: -39,
  ES256: -7,
  ES384: -35,
  ES512: -36,
} as const;

const strict = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
} as const;

/** Throws Rejection and CertificateFault. */
export function parseCose(bytes: Uint8Array): NotationEnvelope {
  const message = decoded(bytes, 18);
  const parts = message instanceof Tagged ? message.value : undefined;
  if (!Array.isArray(parts) || parts.length !== 4)
    throw malformed('COSE_Sign1 (tag 18) of four parts', 'something else');
  const [head, unprotected, payload, signature] = parts as unknown[];
  const headBytes = bytesOf(head, 'a protected header');
  const payloadBytes = bytesOf(payload, 'a payload');
  const header = mapOf(decoded(headBytes, 1), 'a protected header');
  const open = mapOf(unprotected, 'an unprotected header');
  for (const label of open.keys())
    if (header.has(label) || (typeof label === 'number' && label <= 3))
      throw malformed(`label ${label} in one header, the protected one`, 'it elsewhere');
  const rest = new Map(header);
  for (const label of [labels.algorithm, labels.critical, labels.contentType]) rest.delete(label);
  const attributes = readAttributes({
    algorithm: algorithmName(header.get(labels.algorithm)),
    contentType: header.get(labels.contentType),
    critical: header.get(labels.critical),
    rest,
    readTime,
  });
  const held = open.get(labels.chain);
  const chain = held instanceof Uint8Array ? [held] : held;
  if (!Array.isArray(chain)) throw malformed('a chain of certificates in x5chain', typeof chain);
  const timestamp = open.get(attributeNames.timestamp);
  const agent = open.get(attributeNames.agent);
  return {
    ...attributes,
    payload: payloadBytes,
    signedBytes: signedBytesOf(headBytes, payloadBytes),
    signature: bytesOf(signature, 'a signature'),
    chain: certificatesOf(chain.map((one) => bytesOf(one, 'a certificate'))),
    ...(timestamp === undefined ? {} : { timestamp: bytesOf(timestamp, 'a timestamp') }),
    ...(typeof agent === 'string' ? { agent } : {}),
  };
}

/** Sig_structure (RFC 9052 section 4.4) around the protected header as it was sent. */
export function signedBytesOf(head: Uint8Array, payload: Uint8Array): Buffer {
  return Buffer.from(encode(['Signature1', head, new Uint8Array(0), payload]));
}

function decoded(bytes: Uint8Array, tag: number): unknown {
  try {
    return decode(bytes, { ...strict, tags: { [tag]: Tagged.decoder(tag) } });
  } catch (error) {
    // the decoder throws plain errors, and a RangeError where bytes nest without end
    throw malformed('CBOR of definite lengths in its shortest form', messageOf(error).slice(0, 200));
  }
}

function bytesOf(value: unknown, what: string): Buffer {
  if (!(value instanceof Uint8Array) || value.byteLength === 0)
    throw malformed(`${what} as bytes`, typeof value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function mapOf(value: unknown, what: string): Map<string | number, unknown> {
  if (!(value instanceof Map)) throw malformed(`${what} as a map`, typeof value);
  for (const label of value.keys())
    if (typeof label !== 'string' && typeof label !== 'number')
      throw malformed('labels that are text or numbers', typeof label);
  return value;
}

function algorithmName(value: unknown): unknown {
  return Object.entries(coseAlgorithms).find(([, number]) => number === value)?.[0] ?? value;
}

/** Seconds since 1970 under tag 1 (RFC 8949 section 3.4.2). */
function readTime(value: unknown): number | undefined {
  if (!(value instanceof Tagged) || typeof value.value !== 'number') return undefined;
  const ms = value.value * 1000;
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? ms : undefined;
}
