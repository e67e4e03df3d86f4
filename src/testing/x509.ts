// Certificates of every shape, good and bad, that tests of chains need: signed for real, with throw-away keys.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type CertificateParts, makeCertificate } from '../trust/certificate/issue.ts';
import { sequence, writeDer, writeOid } from '../trust/certificate/write.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  extension,
  keyUsage,
  purposes,
} from '../trust/certificate/writeextension.ts';

export {
  type CertificateParts,
  type Hash,
  makeCertificate,
  nameDer,
  signatureAlgorithm,
  signed,
  signedDer,
  timeDer,
  usualHash,
} from '../trust/certificate/issue.ts';
export { sequence } from '../trust/certificate/write.ts';
export {
  authorityKeyId,
  basicConstraints,
  extendedKeyUsage,
  extension,
  keyUsage,
  purposes,
  subjectKeyId,
} from '../trust/certificate/writeextension.ts';

/** Where the OCSP responders answer. */
export function ocspUrl(...urls: string[]): Buffer {
  const access = (url: string) => sequence(writeOid('1.3.6.1.5.5.7.48.1'), writeDer(0x86, Buffer.from(url)));
  return extension('1.3.6.1.5.5.7.1.1', false, sequence(...urls.map(access)));
}

/** Where the CRL lies. */
export function crlUrl(...urls: string[]): Buffer {
  const names = urls.map((url) => writeDer(0x86, Buffer.from(url)));
  return extension('2.5.29.31', false, sequence(sequence(writeDer(0xa0, writeDer(0xa0, ...names)))));
}

export type KeyKind = 'rsa1024' | 'rsa2048' | 'rsa3072' | 'rsa4096' | 'p256' | 'p384' | 'p521' | 'ed25519';

const curves = { p256: 'P-256', p384: 'P-384', p521: 'P-521' } as const;

export function makeKey(kind: KeyKind = 'p256'): KeyObject {
  const encoding = {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  } as const;
  if (kind === 'ed25519') return createPrivateKey(generateKeyPairSync('ed25519', encoding).privateKey);
  if (kind === 'p256' || kind === 'p384' || kind === 'p521')
    return createPrivateKey(generateKeyPairSync('ec', { namedCurve: curves[kind], ...encoding }).privateKey);
  const modulusLength = Number(kind.slice(3));
  return createPrivateKey(generateKeyPairSync('rsa', { modulusLength, ...encoding }).privateKey);
}

/** A certificate with its private key. */
export interface Holder {
  certificate: Buffer;
  key: KeyObject;
  /** DER of the subject. */
  subject: string | Uint8Array;
}

export type HolderOptions = Partial<
  Omit<CertificateParts, 'publicKey' | 'signerKey' | 'subject' | 'issuer'>
> & {
  key?: KeyObject;
  keyKind?: KeyKind;
};

/** A certificate by `issuer`, or by itself. `options.extensions` replace the usual ones. */
export function makeHolder(subject: string, issuer: Holder | undefined, options: HolderOptions = {}): Holder {
  const { key = makeKey(options.keyKind), keyKind: _, ...rest } = options;
  const certificate = makeCertificate({
    subject,
    issuer: issuer?.subject ?? subject,
    publicKey: createPublicKey(key),
    signerKey: issuer?.key ?? key,
    ...rest,
  });
  return { certificate, key, subject };
}

export function makeRoot(subject: string, options: HolderOptions = {}): Holder {
  return makeHolder(subject, undefined, {
    extensions: [basicConstraints(true), keyUsage([5, 6])],
    ...options,
  });
}

export function makeIntermediate(subject: string, issuer: Holder, options: HolderOptions = {}): Holder {
  return makeHolder(subject, issuer, {
    extensions: [basicConstraints(true, 0), keyUsage([5, 6])],
    ...options,
  });
}

export function makeSigner(subject: string, issuer: Holder, options: HolderOptions = {}): Holder {
  return makeHolder(subject, issuer, {
    extensions: [keyUsage([0]), extendedKeyUsage([purposes.codeSigning])],
    ...options,
  });
}
