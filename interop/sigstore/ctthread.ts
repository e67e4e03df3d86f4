// A certificate log that promises and keeps nothing: every chain gets a signed certificate timestamp (RFC 6962, 3.2).
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { workerData } from 'node:worker_threads';
import { listen } from './listen.ts';
import { withoutPoison } from './precertificate.ts';

const key = createPrivateKey(workerData.privateKey);
const id = createHash('sha256')
  .update(createPublicKey(workerData.privateKey).export({ format: 'der', type: 'spki' }))
  .digest();

listen(({ path, body }) => {
  if (path === '/ct/v1/add-chain') return timestampOf(body, false);
  if (path === '/ct/v1/add-pre-chain') return timestampOf(body, true);
  return undefined;
});

function timestampOf(body: string, precertificate: boolean): unknown {
  const chain = (JSON.parse(body).chain as string[]).map((text) => Buffer.from(text, 'base64'));
  const timestamp = Date.now();
  const entry = precertificate
    ? Buffer.concat([keyHash(chain[1]!), sized(withoutPoison(chain[0]!), 3)])
    : sized(chain[0]!, 3);
  const head = Buffer.alloc(12);
  head.writeUInt8(0, 0); // v1
  head.writeUInt8(0, 1); // certificate_timestamp
  head.writeBigUInt64BE(BigInt(timestamp), 2);
  head.writeUInt16BE(precertificate ? 1 : 0, 10);
  const signed = Buffer.concat([head, entry, sized(Buffer.alloc(0), 2)]);
  // DigitallySigned: sha256 (4), ecdsa (3), then the signature with its length.
  const signature = Buffer.concat([Buffer.from([4, 3]), sized(sign('sha256', signed, key), 2)]);
  return {
    sct_version: 0,
    id: id.toString('base64'),
    timestamp,
    extensions: '',
    signature: signature.toString('base64'),
  };
}

/** SHA-256 of the SubjectPublicKeyInfo of the one who will issue the certificate. */
function keyHash(certificate: Buffer): Buffer {
  const pem = `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return createHash('sha256')
    .update(createPublicKey(pem).export({ format: 'der', type: 'spki' }))
    .digest();
}

function sized(bytes: Buffer, width: number): Buffer {
  const length = Buffer.alloc(width);
  length.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([length, bytes]);
}
