// A certificate authority as Fulcio is one, with the certificate log that it enters everything in.
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { certificatePem, parseCertificate, writeDer } from '../trust/certificate/index.ts';
import type { Json, TestSigstore } from './sigstore.ts';
import { extendedKeyUsage, extension, keyUsage, makeCertificate, purposes } from './x509.ts';

export interface CertificateOptions {
  issuer: string;
  subject: string;
  /** Ms since 1970. */
  at: number;
  /** Extended key usages; code signing when left out. */
  usage?: readonly string[];
  /** False: no log saw it. */
  sct?: boolean;
  /** Extensions in place of the subject alternative name. */
  names?: Buffer;
}

export function issue(
  publicKey: KeyObject,
  options: CertificateOptions,
  signerKey: KeyObject,
  ctKey: KeyObject,
): Buffer {
  const { issuer, subject, at, usage = [purposes.codeSigning], sct = true } = options;
  const name = subject.includes('://') ? 0x86 : 0x81;
  const names = options.names ?? writeDer(0x30, writeDer(name, Buffer.from(subject)));
  const extensions = [
    keyUsage([0]),
    extendedKeyUsage(usage),
    extension('2.5.29.17', true, names),
    extension('1.3.6.1.4.1.57264.1.8', false, writeDer(0x0c, Buffer.from(issuer))),
  ];
  const parts = {
    subject: new Uint8Array(writeDer(0x30)),
    issuer: 'CN=intermediate,O=testing',
    publicKey,
    signerKey,
    notBefore: at - (at % 1000) - 1000,
    notAfter: at - (at % 1000) + 600_000,
    serial: Buffer.concat([Buffer.from([0x40]), randomBytes(15)]),
  };
  if (!sct) return makeCertificate({ ...parts, extensions });
  const { tbs } = parseCertificate(makeCertificate({ ...parts, extensions }));
  const list = certificateTimestamp(tbs, signerKey, ctKey, at);
  return makeCertificate({
    ...parts,
    extensions: [...extensions, extension('1.3.6.1.4.1.11129.2.4.2', false, writeDer(0x04, list))],
  });
}

/** SignedCertificateTimestampList of one (RFC 6962 sections 3.2 and 3.3). */
function certificateTimestamp(tbs: Buffer, issuerKey: KeyObject, ctKey: KeyObject, at: number): Buffer {
  const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at));
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const issuer = createHash('sha256').update(spki(issuerKey)).digest();
  const signature = sign(
    'sha256',
    Buffer.concat([Buffer.from([0, 0]), time, Buffer.from([0, 1]), issuer, length, tbs, Buffer.from([0, 0])]),
    ctKey,
  );
  const id = createHash('sha256').update(spki(ctKey)).digest();
  const sct = Buffer.concat([Buffer.from([0]), id, time, Buffer.from([0, 0, 4, 3]), block(signature)]);
  return block(block(sct));
}

function block(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

export function answerFulcio(
  body: Json,
  certificate: TestSigstore['certificate'],
  chain: readonly Buffer[],
  at: number,
): unknown {
  const { credentials, publicKeyRequest } = body as unknown as {
    credentials: { oidcIdentityToken: string };
    publicKeyRequest: { publicKey: { content: string } };
  };
  const claims = JSON.parse(
    Buffer.from(credentials.oidcIdentityToken.split('.')[1]!, 'base64url').toString(),
  ) as { iss: string; sub?: string; email?: string };
  const leaf = certificate(createPublicKey(publicKeyRequest.publicKey.content), {
    issuer: claims.iss,
    subject: claims.email ?? claims.sub!,
    at,
  });
  return {
    signedCertificateEmbeddedSct: {
      chain: { certificates: [leaf, ...chain].map((raw) => certificatePem({ raw })) },
    },
  };
}
