// CMS SignedData with one signer (RFC 5652 section 5): what a timestamp is wrapped in.
import { constants, createHash, type KeyObject, verify } from 'node:crypto';
import { type Certificate, parseCertificate, verifySigned } from './certificate.ts';
import { type Der, elementsIn, expectTag, parseDer, readInteger, readOid, sequenceOf } from './der.ts';
import { CertificateFault } from './fault.ts';

export interface SignedData {
  contentType: string;
  content: Buffer;
  certificates: Certificate[];
  signer: SignerInfo;
}

export interface SignerInfo {
  /** Whether this certificate is the one the signer names. */
  isSigner(certificate: Certificate): boolean;
  digest: string;
  /** Signed attributes by type: the values. */
  attributes: ReadonlyMap<string, Der[]>;
  signedBytes: Buffer;
  algorithm: Der;
  signature: Buffer;
}

const mostCertificates = 16;

export const digestNames: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Throws CertificateFault. */
export function parseSignedData(bytes: Uint8Array): SignedData {
  const [type, holder] = sequenceOf(parseDer(bytes));
  if (readOid(type) !== '1.2.840.113549.1.7.2') throw invalid('CMS SignedData', readOid(type));
  const [inner] = elementsIn(expectTag(holder, 0xa0).content);
  const [, , encapsulated, ...rest] = sequenceOf(inner);
  const [contentType, content] = sequenceOf(encapsulated);
  const octets = elementsIn(expectTag(content, 0xa0).content)[0];
  const certificates = rest.find(({ tag }) => tag === 0xa0);
  const signers = sequenceOf(
    rest.find(({ tag }) => tag === 0x31),
    0x31,
  );
  if (signers.length !== 1) throw invalid('one signer', String(signers.length));
  const held =
    certificates === undefined ? [] : elementsIn(certificates.content).filter(({ tag }) => tag === 0x30);
  if (held.length > mostCertificates)
    throw invalid(`at most ${mostCertificates} certificates`, String(held.length));
  return {
    contentType: readOid(contentType),
    content: expectTag(octets, 0x04).content,
    certificates: held.map(({ raw }) => parseCertificate(raw)),
    signer: parseSigner(signers[0]),
  };
}

function parseSigner(element: Der | undefined): SignerInfo {
  const [, id, digest, ...rest] = sequenceOf(element);
  const attributes = expectTag(rest[0], 0xa0);
  const [algorithm, signature] = rest.slice(1);
  const name = digestNames[readOid(sequenceOf(digest)[0])];
  if (name === undefined) throw invalid('SHA-256, SHA-384 or SHA-512', 'another digest');
  const byType = new Map<string, Der[]>();
  for (const attribute of elementsIn(attributes.content)) {
    const [type, values] = sequenceOf(attribute);
    const key = readOid(type);
    if (byType.has(key)) throw invalid('each attribute once', `${key} twice`);
    byType.set(key, sequenceOf(values, 0x31));
  }
  // signed is the SET, not the implicit tag it is sent under (RFC 5652 section 5.4)
  const signedBytes = Buffer.from(attributes.raw);
  signedBytes[0] = 0x31;
  return {
    isSigner: (certificate) => isNamed(id, certificate),
    digest: name,
    attributes: byType,
    signedBytes,
    algorithm: expectTag(algorithm, 0x30),
    signature: expectTag(signature, 0x04).content,
  };
}

function isNamed(id: Der | undefined, certificate: Certificate): boolean {
  if (id?.tag === 0x80) {
    const key = certificate.extensions.get('2.5.29.14');
    return key !== undefined && expectTag(parseDer(key.value), 0x04).content.equals(id.content);
  }
  const [issuer, serial] = sequenceOf(id);
  readInteger(serial);
  const isIssuer = issuer?.raw.equals(certificate.issuer) ?? false;
  return isIssuer && serial!.content.toString('hex') === certificate.serial;
}

/** The signature of the signer by this certificate, and its digest of the content. Throws CertificateFault. */
export function checkSigner({ signer, contentType, content }: SignedData, certificate: Certificate): void {
  const type = signer.attributes.get('1.2.840.113549.1.9.3');
  const digest = signer.attributes.get('1.2.840.113549.1.9.4');
  if (type?.length !== 1 || readOid(type[0]) !== contentType)
    throw invalid(`contentType ${contentType}`, 'another or none');
  if (
    digest?.length !== 1 ||
    !expectTag(digest[0], 0x04).content.equals(createHash(signer.digest).update(content).digest())
  )
    throw invalid('the digest of the content', 'another');
  if (!isSignature(signer, certificate.publicKey))
    throw invalid("the signer's signature", 'one that does not fit');
}

function isSignature({ algorithm, digest, signedBytes, signature }: SignerInfo, key: KeyObject): boolean {
  const [id, parameters] = sequenceOf(algorithm);
  const name = readOid(id);
  if (name === '1.2.840.113549.1.1.1')
    return key.asymmetricKeyType === 'rsa' && verify(digest, signedBytes, key, signature);
  if (name === '1.2.840.113549.1.1.10') {
    const hash =
      parameters === undefined ? undefined : sequenceOf(parameters).find(({ tag }) => tag === 0xa0);
    const pss =
      hash === undefined ? undefined : digestNames[readOid(sequenceOf(elementsIn(hash.content)[0])[0])];
    if (pss === undefined || key.asymmetricKeyType !== 'rsa') return false;
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verify(pss, signedBytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature);
  }
  // RFC 5753 allows the plain key algorithm beside a digest
  if (name === '1.2.840.10045.2.1')
    return key.asymmetricKeyType === 'ec' && verify(digest, signedBytes, key, signature);
  return verifySigned(signedBytes, name, signature, key);
}

function invalid(expected: string, got: string): CertificateFault {
  return new CertificateFault('timestamp-invalid', `expected ${expected} in the timestamp, got ${got}`);
}
