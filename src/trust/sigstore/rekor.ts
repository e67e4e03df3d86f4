// An entry in a transparency log, as a bundle keeps it: Rekor v1 (sigstore/rekor openapi.yaml) and v2 (rekor-tiles
// rekor_service.proto).

import type { KeyObject } from 'node:crypto';
import { createHash } from 'node:crypto';
import { messageOf } from '../../core/index.ts';
import { type JsonObject, shapeOf } from '../../image/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { type Certificate, certificatePem } from '../certificate/index.ts';
import { publicPem } from '../key/index.ts';
import { SigningFault } from './fault.ts';
import { postJson, serviceUrl } from './service.ts';

const shape = shapeOf('statement-invalid');

export interface LogService {
  url: string;
  version: 1 | 2;
}

export interface ToLog {
  /** The bytes that were signed. */
  signed: Buffer;
  signature: Buffer;
  /** The envelope's JSON, which version 1 wants. */
  envelope: string;
  verifier: { certificate: Certificate } | { key: KeyObject };
}

/** One entry of `tlogEntries`. Throws SigningFault, NetFault. */
export async function addEntry(http: HttpClient, log: LogService, entry: ToLog): Promise<unknown> {
  return log.version === 2 ? addToTiles(http, log.url, entry) : addToTrillian(http, log.url, entry);
}

async function addToTiles(
  http: HttpClient,
  url: string,
  { signed, signature, verifier }: ToLog,
): Promise<unknown> {
  const key = 'certificate' in verifier ? verifier.certificate.publicKey : verifier.key;
  const held =
    'certificate' in verifier
      ? { x509Certificate: raw(verifier.certificate.raw) }
      : { publicKey: raw(key.export({ type: 'spki', format: 'der' })) };
  return postJson(http, serviceUrl(url, 'api/v2/log/entries'), {
    hashedRekordRequestV002: {
      digest: createHash('sha256').update(signed).digest('base64'),
      signature: {
        content: signature.toString('base64'),
        verifier: { ...held, keyDetails: keyDetails(key) },
      },
    },
  });
}

function raw(bytes: Uint8Array) {
  return { rawBytes: Buffer.from(bytes).toString('base64') };
}

/** Names of protobuf-specs sigstore_common.proto, PublicKeyDetails. */
function keyDetails(key: KeyObject): string {
  if (key.asymmetricKeyType === 'ed25519') return 'PKIX_ED25519';
  if (key.asymmetricKeyType === 'rsa')
    return `PKIX_RSA_PKCS1V15_${key.asymmetricKeyDetails?.modulusLength}_SHA256`;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === 'secp384r1') return 'PKIX_ECDSA_P384_SHA_384';
  return curve === 'secp521r1' ? 'PKIX_ECDSA_P521_SHA_512' : 'PKIX_ECDSA_P256_SHA_256';
}

async function addToTrillian(http: HttpClient, url: string, { envelope, verifier }: ToLog): Promise<unknown> {
  const pem = 'certificate' in verifier ? certificatePem(verifier.certificate) : publicPem(verifier.key);
  const answer = await postJson(http, serviceUrl(url, 'api/v1/log/entries'), {
    kind: 'dsse',
    apiVersion: '0.0.1',
    spec: { proposedContent: { envelope, verifiers: [Buffer.from(pem).toString('base64')] } },
  });
  try {
    const [entry] = Object.values(shape.object(answer, 'the answer'));
    return entryOf(shape.object(entry, 'the entry'));
  } catch (cause) {
    throw new SigningFault(
      'signing-failed',
      `expected a log entry from ${url}, got another answer: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function entryOf(entry: JsonObject): unknown {
  const verification = shape.object(entry['verification'], 'verification');
  const body = shape.text(entry['body'], 'body');
  const { kind, apiVersion } = JSON.parse(Buffer.from(body, 'base64').toString('utf8')) as JsonObject;
  return {
    logIndex: String(shape.size(entry['logIndex'], 'logIndex')),
    logId: { keyId: Buffer.from(shape.text(entry['logID'], 'logID'), 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(shape.size(entry['integratedTime'], 'integratedTime')),
    inclusionPromise: {
      signedEntryTimestamp: shape.text(verification['signedEntryTimestamp'], 'signedEntryTimestamp'),
    },
    ...(verification['inclusionProof'] === undefined
      ? {}
      : { inclusionProof: proofOf(shape.object(verification['inclusionProof'], 'inclusionProof')) }),
    canonicalizedBody: body,
  };
}

function proofOf(proof: JsonObject): unknown {
  const base64 = (value: unknown) => Buffer.from(shape.text(value, 'hash'), 'hex').toString('base64');
  return {
    logIndex: String(shape.size(proof['logIndex'], 'logIndex')),
    rootHash: base64(proof['rootHash']),
    treeSize: String(shape.size(proof['treeSize'], 'treeSize')),
    hashes: shape.list(proof['hashes'], 'hashes', 64).map(base64),
    checkpoint: { envelope: shape.text(proof['checkpoint'], 'checkpoint') },
  };
}
