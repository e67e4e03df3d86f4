// The log entries of a bundle (protobuf-specs sigstore_rekor.proto).
import { base64Of, type JsonObject, shapeOf } from '../../image/index.ts';
import { Rejection } from '../evidence/index.ts';
import type { LogEntry } from './entity.ts';

const shape = shapeOf('statement-invalid');

/** Throws ImageFault, Rejection `signature-malformed`. */
export function readEntry(value: unknown): LogEntry {
  const entry = shape.object(value, 'tlogEntries[]');
  const promise = shape.object(entry['inclusionPromise'] ?? {}, 'inclusionPromise')['signedEntryTimestamp'];
  const proof = entry['inclusionProof'];
  return {
    logIndex: readCount(entry['logIndex'] ?? '0', 'logIndex'),
    logId: base64Of(shape.object(entry['logId'], 'logId')['keyId'], 'keyId').toString('hex'),
    integratedTime: Number(readCount(entry['integratedTime'] ?? '0', 'integratedTime')),
    body: base64Of(entry['canonicalizedBody'], 'canonicalizedBody'),
    ...(promise === undefined ? {} : { promise: base64Of(promise, 'signedEntryTimestamp') }),
    ...(proof === undefined ? {} : { proof: readProof(shape.object(proof, 'inclusionProof')) }),
  };
}

function readProof(proof: JsonObject): NonNullable<LogEntry['proof']> {
  return {
    index: readCount(proof['logIndex'] ?? '0', 'logIndex'),
    size: readCount(proof['treeSize'], 'treeSize'),
    root: base64Of(proof['rootHash'], 'rootHash'),
    hashes: shape.list(proof['hashes'], 'hashes', 64).map((hash) => base64Of(hash, 'hashes[]')),
    checkpoint: shape.text(
      shape.object(proof['checkpoint'] ?? {}, 'checkpoint')['envelope'],
      'checkpoint.envelope',
    ),
  };
}

/** 64-bit numbers are text in protobuf's JSON; small ones are seen as numbers too. */
function readCount(value: unknown, name: string): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  const text = shape.text(value, name);
  if (!/^[0-9]{1,19}$/.test(text))
    throw new Rejection(
      'signature-malformed',
      `expected a count in ${name}, got ${JSON.stringify(text.slice(0, 30))}`,
    );
  return BigInt(text);
}
