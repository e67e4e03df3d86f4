// What fuzzing damages of certificates and keys: DER, X.509, PEM, timestamps, keys under a password.
import { randomBytes, scryptSync } from 'node:crypto';
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import {
  buildChain,
  certificatePem,
  checkDepth,
  childrenOf,
  type Der,
  isSignedBy,
  parseCertificate,
  parseCertificates,
  parseDer,
  readBits,
  readBoolean,
  readInteger,
  readOid,
  readTime,
  sequenceOf,
  verifyTimestamp,
} from '../trust/certificate/index.ts';
import { decryptKey } from '../trust/key/index.ts';
import { makeTimestamper, timestampToken } from './timestamps.ts';
import { makeIntermediate, makeKey, makeRoot, makeSigner, sequence, signedDer } from './x509.ts';

const root = makeRoot('CN=root,O=a');
const issuing = makeIntermediate('CN=issuing,O=a', root);
const leaf = makeSigner('CN=leaf,O=a', issuing);
const rsa = makeSigner('CN=rsa', issuing, { keyKind: 'rsa2048' });
const [trusted, between] = [parseCertificate(root.certificate), parseCertificate(issuing.certificate)];
const stamper = makeTimestamper('CN=tsa', root);
const stamped = Buffer.from('a signature');
const token = timestampToken(stamper, stamped, Date.now(), { accuracy: 1500 });
const authorities = [{ roots: [trusted], intermediates: [between] }];

const readerOf: Readonly<Record<number, (element: Der) => unknown>> = {
  1: readBoolean,
  2: readInteger,
  3: readBits,
  6: readOid,
  23: readTime,
  24: readTime,
};

/** Every element by its own reader. */
function walk(element: Der): void {
  readerOf[element.tag]?.(element);
  if ((element.tag & 0x20) !== 0) for (const child of childrenOf(element)) walk(child);
}

function chained(bytes: Buffer): unknown {
  const certificate = parseCertificate(bytes);
  isSignedBy(certificate, between);
  isSignedBy(between, certificate);
  return buildChain(certificate, [between, certificate], [trusted], Date.now());
}

function tbsOf(certificate: Buffer): Buffer {
  return sequenceOf(parseDer(certificate))[0]!.raw;
}

/** A key under a password with the least work that is accepted, as the first cosign wrote it. */
function sealedKey(): Buffer {
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const params = { N: 32_768, r: 8, p: 1 };
  const derived = scryptSync('p', salt, 32, { ...params, maxmem: 256 * params.N * params.r });
  const plain = makeKey().export({ type: 'pkcs8', format: 'der' });
  return Buffer.from(
    JSON.stringify({
      kdf: { name: 'scrypt', params, salt: salt.toString('base64') },
      cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
      ciphertext: Buffer.from(xsalsa20poly1305(derived, nonce).encrypt(plain)).toString('base64'),
    }),
  );
}

const sealed = sealedKey();

export const certificateParsers = {
  'certificate/der': {
    corpus: () => [leaf.certificate, token],
    parse(bytes: Buffer) {
      const element = parseDer(bytes);
      checkDepth(element);
      walk(element);
    },
  },
  'certificate/x509': {
    corpus: () => [leaf.certificate, rsa.certificate, issuing.certificate],
    parse: chained,
  },
  'certificate/x509-signed': {
    corpus: () => [leaf, rsa, issuing].map(({ certificate }) => tbsOf(certificate)),
    parse: (bytes: Buffer) => chained(signedDer(bytes, issuing.key)),
  },
  'certificate/pem': {
    corpus: () => [
      Buffer.from(certificatePem({ raw: leaf.certificate }) + certificatePem({ raw: issuing.certificate })),
    ],
    parse: (bytes: Buffer) => parseCertificates(bytes.toString()),
  },
  'certificate/timestamp': {
    corpus: () => [token, sequence(sequence(Buffer.from([2, 1, 0])), token)],
    parse: (bytes: Buffer) => verifyTimestamp(bytes, stamped, authorities),
  },
  'key/encrypted': {
    corpus: () => [sealed],
    parse: (bytes: Buffer) =>
      decryptKey(
        `-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END ENCRYPTED COSIGN PRIVATE KEY-----\n`,
        'p',
      ),
  },
};
