// cosign's first format: a payload in a layer, its signature and proofs in the layer's annotations (cosign
// specs/SIGNATURE_SPEC.md; ATTESTATION_SPEC.md for envelopes).
import { parseJson } from '../../core/index.ts';
import { base64Of, type JsonObject, parseEnvelope, preAuthEncoding, shapeOf } from '../../image/index.ts';
import { parseCertificates } from '../certificate/index.ts';
import { type Evidence, Rejection } from '../evidence/index.ts';
import type { LogEntry, SignedEntity } from './entity.ts';

export const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const envelopeType = 'application/vnd.dsse.envelope.v1+json';
export const annotations = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
  bundle: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;

const mostCertificates = 16;
const shape = shapeOf('statement-invalid');

/** Throws Rejection, ImageFault, JsonFault, CertificateFault. */
export function parseCosign(evidence: Evidence): SignedEntity {
  const payload = Buffer.from(evidence.payload);
  const noted = evidence.annotations;
  const certificates = noted[annotations.certificate] ? certificatesIn(noted[annotations.certificate]!) : [];
  const chain = noted[annotations.chain] ? certificatesIn(noted[annotations.chain]!) : [];
  const proofs = {
    ...(certificates[0] === undefined ? {} : { certificate: certificates[0] }),
    intermediates: [...certificates.slice(1), ...chain],
    entries: noted[annotations.bundle] ? [readBundle(noted[annotations.bundle]!)] : [],
    timestamps: noted[annotations.timestamp] ? [readTimestamp(noted[annotations.timestamp]!)] : [],
  };
  if (evidence.mediaType === envelopeType) {
    const envelope = parseEnvelope(parseJson(payload.toString('utf8')));
    if (envelope.signatures.length !== 1)
      throw new Rejection(
        'signature-malformed',
        `expected one signature in the envelope, got ${envelope.signatures.length}`,
      );
    const signed = preAuthEncoding(envelope.payloadType, envelope.payload);
    // for attestations cosign has the whole envelope timestamped
    return {
      ...proofs,
      signed,
      signature: envelope.signatures[0]!.sig,
      timestamped: payload,
      content: { kind: 'envelope', envelope },
    };
  }
  const signature = noted[annotations.signature];
  if (signature === undefined)
    throw new Rejection('signature-malformed', `expected the annotation ${annotations.signature}, got none`);
  const bytes = base64Of(signature, 'signature');
  return { ...proofs, signed: payload, signature: bytes, timestamped: bytes, content: { kind: 'payload' } };
}

/** The digest that the payload names; parsed only once the signature over its bytes is verified. Throws Rejection. */
export function digestOfPayload(payload: Uint8Array): string {
  const document = shape.object(parseJson(Buffer.from(payload).toString('utf8')), 'the payload');
  const critical = shape.object(document['critical'], 'critical');
  const type = shape.text(critical['type'], 'critical.type');
  if (type !== 'cosign container image signature' && type !== 'https://sigstore.dev/cosign/sign/v1')
    throw new Rejection(
      'payload-type',
      `expected "cosign container image signature", got ${JSON.stringify(type.slice(0, 100))}`,
    );
  return shape.text(
    shape.object(critical['image'], 'critical.image')['docker-manifest-digest'],
    'docker-manifest-digest',
  );
}

/** An annotation may hold thousands; they are counted before any is read. */
function certificatesIn(pem: string) {
  const count = pem.split('-----BEGIN').length - 1;
  if (count > mostCertificates)
    throw new Rejection(
      'signature-too-large',
      `expected at most ${mostCertificates} certificates, got ${count}`,
    );
  return parseCertificates(pem);
}

function readBundle(text: string): LogEntry {
  const bundle = shape.object(parseJson(text), 'the bundle');
  const payload = shape.object(bundle['Payload'], 'Payload');
  const logId = shape.text(payload['logID'], 'logID');
  if (!/^[0-9a-f]{8,64}$/.test(logId))
    throw new Rejection('signature-malformed', 'expected a log id in hexadecimal, got other text');
  return {
    logIndex: BigInt(shape.size(payload['logIndex'], 'logIndex')),
    logId,
    integratedTime: shape.size(payload['integratedTime'], 'integratedTime'),
    body: base64Of(payload['body'], 'body'),
    promise: base64Of(bundle['SignedEntryTimestamp'], 'SignedEntryTimestamp'),
  };
}

function readTimestamp(text: string): Buffer {
  const holder: JsonObject = shape.object(parseJson(text), 'the timestamp');
  return base64Of(holder['SignedRFC3161Timestamp'], 'SignedRFC3161Timestamp');
}
