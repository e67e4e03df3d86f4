// An entry in a log of Rekor v1, as a bundle keeps it (sigstore/rekor openapi.yaml).
import { messageOf } from '../../core/index.ts';
import { type JsonObject, shapeOf } from '../../image/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { certificatePem } from '../certificate/index.ts';
import { publicPem } from '../key/index.ts';
import type { ToLog } from './entry.ts';
import { SigningFault } from './fault.ts';
import { postJson, serviceUrl } from './service.ts';

const shape = shapeOf('statement-invalid');

/** Throws SigningFault, NetFault. */
export async function addToTrillian(
  http: HttpClient,
  url: string,
  { envelope, verifier }: ToLog,
): Promise<unknown> {
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
