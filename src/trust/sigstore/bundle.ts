// The Sigstore bundle, version 0.3 (protobuf-specs sigstore_bundle.proto; cosign BUNDLE_SPEC.md).
import { parseJson } from '../../core/index.ts';
import { base64Of, type JsonObject, parseEnvelope, preAuthEncoding, shapeOf } from '../../image/index.ts';
import { parseCertificate } from '../certificate/index.ts';
import { Rejection } from '../evidence/index.ts';
import { readEntry } from './bundlelog.ts';
import type { SignedEntity } from './entity.ts';

/** Annotation of a bundle's manifest: what the statement inside claims to be; nobody vouches for it. */
export const predicateHint = 'dev.sigstore.bundle.predicateType';
export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const types = [bundleType, 'application/vnd.dev.sigstore.bundle+json;version=0.3'];
const shape = shapeOf('statement-invalid');
const mostEntries = 16;

/**
 * Reads a bundle. `manifest` are the bytes of the image's manifest, which a bundle without an envelope signs. Throws
 * Rejection, ImageFault, JsonFault, CertificateFault.
 */
export function parseBundle(bytes: Uint8Array, manifest: Uint8Array | undefined): SignedEntity {
  const bundle = shape.object(parseJson(Buffer.from(bytes).toString('utf8')), 'the bundle');
  const type = shape.text(bundle['mediaType'], 'mediaType');
  if (!types.includes(type))
    throw new Rejection(
      'signature-malformed',
      `expected a Sigstore bundle of version 0.3, got ${JSON.stringify(type.slice(0, 100))}`,
    );
  const material = shape.object(bundle['verificationMaterial'], 'verificationMaterial');
  const certificates = certificatesOf(material);
  const data = shape.object(material['timestampVerificationData'] ?? {}, 'timestampVerificationData');
  const content = contentOf(bundle, manifest);
  return {
    ...content,
    ...(certificates[0] === undefined ? {} : { certificate: certificates[0] }),
    intermediates: certificates.slice(1),
    entries: shape.list(material['tlogEntries'], 'tlogEntries', mostEntries).map(readEntry),
    timestamps: shape
      .list(data['rfc3161Timestamps'], 'rfc3161Timestamps', mostEntries)
      .map((entry) =>
        base64Of(shape.object(entry, 'rfc3161Timestamps[]')['signedTimestamp'], 'signedTimestamp'),
      ),
    timestamped: content.signature,
  };
}

function certificatesOf(material: JsonObject) {
  const single = material['certificate'];
  const chain = material['x509CertificateChain'];
  const key = material['publicKey'];
  if ([single, chain, key].filter((part) => part !== undefined).length !== 1)
    throw new Rejection(
      'signature-malformed',
      'expected a certificate, a chain or a public key in the bundle, got none or several',
    );
  const list =
    single === undefined
      ? chain === undefined
        ? []
        : shape.list(shape.object(chain, 'chain')['certificates'], 'certificates', 8)
      : [single];
  if (key === undefined && list.length === 0)
    throw new Rejection('signature-malformed', 'expected a certificate in the bundle, got none');
  return list.map((entry) =>
    parseCertificate(base64Of(shape.object(entry, 'certificate')['rawBytes'], 'rawBytes')),
  );
}

function contentOf(
  bundle: JsonObject,
  manifest: Uint8Array | undefined,
): Pick<SignedEntity, 'signed' | 'signature' | 'content'> {
  const message = bundle['messageSignature'];
  const dsse = bundle['dsseEnvelope'];
  if ((message === undefined) === (dsse === undefined))
    throw new Rejection(
      'signature-malformed',
      'expected a message signature or an envelope in the bundle, got none or both',
    );
  if (dsse !== undefined) {
    const envelope = parseEnvelope(dsse);
    // several signatures in one envelope: which of them the certificate made is left open, so none counts
    if (envelope.signatures.length !== 1)
      throw new Rejection(
        'signature-malformed',
        `expected one signature in the envelope, got ${envelope.signatures.length}`,
      );
    const signed = preAuthEncoding(envelope.payloadType, envelope.payload);
    return { signed, signature: envelope.signatures[0]!.sig, content: { kind: 'envelope', envelope } };
  }
  if (manifest === undefined)
    throw new Rejection('digest-other', 'expected an envelope about the image, got a signature of a file');
  const { signature } = shape.object(message, 'messageSignature');
  return {
    signed: Buffer.from(manifest),
    signature: base64Of(signature, 'signature'),
    content: { kind: 'manifest' },
  };
}
