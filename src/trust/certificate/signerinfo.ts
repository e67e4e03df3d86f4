// The signer of CMS SignedData: whom it names, and what it signed beside the content (RFC 5652 section 5.3).
import type { Certificate } from './certificate.ts';
import { type Der, elementsIn, expectTag, parseDer, sequenceOf } from './der.ts';
import { invalidSignedData } from './fault.ts';
import { readInteger, readOid } from './value.ts';

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

export const digestNames: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

export function parseSigner(element: Der | undefined): SignerInfo {
  const [, id, digest, ...rest] = sequenceOf(element);
  const attributes = expectTag(rest[0], 0xa0);
  const [algorithm, signature] = rest.slice(1);
  const name = digestNames[readOid(sequenceOf(digest)[0])];
  if (name === undefined) throw invalidSignedData('SHA-256, SHA-384 or SHA-512', 'another digest');
  const byType = new Map<string, Der[]>();
  for (const attribute of elementsIn(attributes.content)) {
    const [type, values] = sequenceOf(attribute);
    const key = readOid(type);
    if (byType.has(key)) throw invalidSignedData('each attribute once', `${key} twice`);
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
