// Whether a key made the signature of a certificate or of what is signed like one (RFC 5280 section 4.1.1.3).
import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { parseDer, sequenceOf } from './der.ts';
import { readBits, readOid } from './value.ts';

const digests: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** Whether the issuer's key made the certificate's signature; weak algorithms (SHA-1, MD5) never count. */
export function isSignedBy(certificate: Certificate, issuer: Pick<Certificate, 'publicKey'>): boolean {
  const [, , signature] = sequenceOf(parseDer(certificate.raw));
  return verifySigned(
    certificate.tbs,
    certificate.algorithm,
    readBits(signature),
    issuer.publicKey,
    certificate.raw,
  );
}

/** A signature as X.509 structures carry it: algorithm by OID; RSASSA-PSS certificates go through OpenSSL. */
export function verifySigned(
  tbs: Uint8Array,
  algorithm: string,
  signature: Uint8Array,
  key: KeyObject,
  whole?: Uint8Array,
): boolean {
  if (algorithm === '1.3.101.112')
    return key.asymmetricKeyType === 'ed25519' && verify(null, tbs, key, signature);
  if (algorithm === '1.2.840.113549.1.1.10')
    return whole !== undefined && isStrongPss(whole) && new X509Certificate(whole).verify(key);
  const digest = digests[algorithm];
  const wanted = algorithm.startsWith('1.2.840.10045.') ? 'ec' : 'rsa';
  if (digest === undefined || key.asymmetricKeyType !== wanted) return false;
  return verify(digest, tbs, key, signature);
}

/** RSASSA-PSS parameters without an explicit hash mean SHA-1 (RFC 4055 section 3.1), which is refused. */
function isStrongPss(whole: Uint8Array): boolean {
  const [, outer] = sequenceOf(parseDer(whole));
  const [, parameters] = sequenceOf(outer);
  const hash = parameters === undefined ? undefined : sequenceOf(parameters).find(({ tag }) => tag === 0xa0);
  if (hash === undefined) return false;
  const name = readOid(sequenceOf(parseDer(hash.content))[0]);
  return name.startsWith('2.16.840.1.101.3.4.2.') && ['1', '2', '3'].includes(name.split('.').at(-1)!);
}
