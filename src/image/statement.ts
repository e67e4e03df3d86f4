// Statements about an image: the DSSE envelope and the in-toto statement inside it, read but not yet trusted
// (secure-systems-lab/dsse protocol.md and envelope.md; in-toto/attestation spec/v1/statement.md).
import { parseJson } from '../core/index.ts';
import { isDigest } from './digest.ts';
import { ImageFault } from './fault.ts';
import { type JsonObject, shapeOf } from './shape.ts';

export const inTotoType = 'application/vnd.in-toto+json';

export interface Envelope {
  payloadType: string;
  payload: Buffer;
  signatures: { keyid?: string; sig: Buffer }[];
}

export interface Statement {
  /** Digests of the subjects, `sha256:…`, in the order written; other algorithms are left out. */
  subjects: string[];
  predicateType: string;
  predicate: unknown;
}

const statementTypes = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
const mostSubjects = 1000;
const mostSignatures = 16;

/** The bytes that are signed: "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** A DSSE envelope. Throws ImageFault `statement-invalid`. */
export function parseEnvelope(value: unknown): Envelope {
  const shape = shapeOf('statement-invalid');
  const envelope = shape.object(value, 'envelope');
  const signatures = shape.list(envelope['signatures'], 'signatures', mostSignatures);
  if (signatures.length === 0) throw invalid('a signature', 'none');
  return {
    payloadType: shape.text(envelope['payloadType'], 'payloadType'),
    payload: base64Of(envelope['payload'], 'payload'),
    signatures: signatures.map((entry) => {
      const { keyid, sig } = shape.object(entry, 'signatures[]');
      return { sig: base64Of(sig, 'sig'), ...(typeof keyid === 'string' && keyid !== '' ? { keyid } : {}) };
    }),
  };
}

/** Standard base64, or the URL-safe form that DSSE lets a writer choose; nothing else beside it. */
export function base64Of(value: unknown, name: string): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(value))
    throw invalid(`base64 in ${name}`, typeof value === 'string' ? 'other text' : typeof value);
  return Buffer.from(value, 'base64');
}

/** An in-toto statement. Throws ImageFault `statement-invalid`, JsonFault. */
export function parseStatement(payload: Uint8Array): Statement {
  const shape = shapeOf('statement-invalid');
  const text = new TextDecoder('utf-8', { fatal: false }).decode(payload);
  const statement = shape.object(parseJson(text), 'statement');
  const type = shape.text(statement['_type'], '_type');
  if (!statementTypes.includes(type)) throw invalid(statementTypes[0]!, JSON.stringify(type.slice(0, 100)));
  const subject = shape.list(statement['subject'], 'subject', mostSubjects);
  return {
    subjects: subject.flatMap((entry) =>
      digestsOf(shape.object(shape.object(entry, 'subject[]')['digest'], 'digest')),
    ),
    predicateType: shape.text(statement['predicateType'], 'predicateType'),
    predicate: statement['predicate'],
  };
}

function digestsOf(digest: JsonObject): string[] {
  return Object.entries(digest)
    .map(([algorithm, hex]) => (typeof hex === 'string' ? `${algorithm}:${hex}` : ''))
    .filter(isDigest);
}

/** The statement about one image, as it is signed. */
export function makeStatement(
  name: string,
  digest: string,
  predicateType: string,
  predicate: unknown,
): Buffer {
  const [algorithm = '', hex = ''] = digest.split(':');
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name, digest: { [algorithm]: hex } }],
      predicateType,
      predicate,
    }),
  );
}

function invalid(expected: string, got: string): ImageFault {
  return new ImageFault('statement-invalid', `expected ${expected}, got ${got}`);
}
