// Notation signatures as JWS in flattened JSON (signature-envelope-jws.md, RFC 7515 section 7.2.2).
import { JsonFault, parseJson } from '../../core/index.ts';
import { attributeNames, malformed, readAttributes } from './attributes.ts';
import { certificatesOf, type NotationEnvelope } from './content.ts';

/** Throws Rejection and CertificateFault. */
export function parseJws(bytes: Uint8Array): NotationEnvelope {
  const envelope = objectOf(jsonOf(bytes), 'an envelope');
  for (const name of ['signatures', 'alg'])
    if (name in envelope) throw malformed('a flattened JWS with one signature', `${name} beside it`);
  const { payload, protected: head, header, signature } = envelope;
  const headText = textOf(head, 'a protected header');
  const payloadText = textOf(payload, 'a payload');
  const { alg, cty, crit, ...rest } = objectOf(jsonOf(base64url(headText)), 'a protected header');
  const unprotected = objectOf(header, 'a header with the certificates');
  for (const name of Object.keys(unprotected))
    if (name === 'alg' || name === 'cty' || name === 'crit' || Object.hasOwn(rest, name))
      throw malformed(`${name} in one header`, 'it in two');
  const attributes = readAttributes({
    algorithm: alg,
    contentType: cty,
    critical: crit,
    rest: new Map(Object.entries(rest)),
    readTime,
  });
  const chain = unprotected['x5c'];
  if (!Array.isArray(chain)) throw malformed('a chain of certificates in x5c', typeof chain);
  const timestamp = unprotected[attributeNames.timestamp];
  const agent = unprotected[attributeNames.agent];
  return {
    ...attributes,
    payload: base64url(payloadText),
    // the text as it was sent: nothing is written anew before it is verified
    signedBytes: Buffer.from(`${headText}.${payloadText}`, 'latin1'),
    signature: base64url(textOf(signature, 'a signature')),
    chain: certificatesOf(chain.map((one) => base64(one, 'a certificate'))),
    ...(timestamp === undefined ? {} : { timestamp: base64(timestamp, 'a timestamp') }),
    ...(typeof agent === 'string' ? { agent } : {}),
  };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (error instanceof JsonFault || error instanceof TypeError)
      throw malformed('JSON', `bytes that do not parse: ${error.message}`);
    throw error;
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${what} as a JSON object`, Array.isArray(value) ? 'a list' : typeof value);
  return value as Record<string, unknown>;
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw malformed(`${what} in base64url`, typeof value);
  return value;
}

/** Strict: no padding, no other characters, no spare bits, so that one signature has one spelling (RFC 7515 section 2). */
function base64url(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw malformed('base64url', 'other text');
  return bytes;
}

function base64(value: unknown, what: string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
  if (bytes === undefined || bytes.toString('base64') !== value)
    throw malformed(`${what} in base64`, 'other text');
  return bytes;
}

const dateTime =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339. */
function readTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || !dateTime.test(value)) return undefined;
  const at = Date.parse(value);
  // the 30th of February would be the 2nd of March
  const day = new Date(`${value.slice(0, 19)}Z`).getUTCDate();
  return Number.isNaN(at) || day !== Number(value.slice(8, 10)) ? undefined : at;
}
