// CMS SignedData with one signer (RFC 5652 section 5): what a timestamp is wrapped in.
import { type Certificate, parseCertificate } from './certificate.ts';
import { elementsIn, expectTag, parseDer, sequenceOf } from './der.ts';
import { invalidSignedData } from './fault.ts';
import { parseSigner, type SignerInfo } from './signerinfo.ts';
import { readOid } from './value.ts';

export interface SignedData {
  contentType: string;
  content: Buffer;
  certificates: Certificate[];
  signer: SignerInfo;
}

const mostCertificates = 16;

/** Throws CertificateFault. */
export function parseSignedData(bytes: Uint8Array): SignedData {
  const [type, holder] = sequenceOf(parseDer(bytes));
  if (readOid(type) !== '1.2.840.113549.1.7.2') throw invalidSignedData('CMS SignedData', readOid(type));
  const [inner] = elementsIn(expectTag(holder, 0xa0).content);
  const [, , encapsulated, ...rest] = sequenceOf(inner);
  const [contentType, content] = sequenceOf(encapsulated);
  const octets = elementsIn(expectTag(content, 0xa0).content)[0];
  const certificates = rest.find(({ tag }) => tag === 0xa0);
  const signers = sequenceOf(
    rest.find(({ tag }) => tag === 0x31),
    0x31,
  );
  if (signers.length !== 1) throw invalidSignedData('one signer', String(signers.length));
  const held =
    certificates === undefined ? [] : elementsIn(certificates.content).filter(({ tag }) => tag === 0x30);
  if (held.length > mostCertificates)
    throw invalidSignedData(`at most ${mostCertificates} certificates`, String(held.length));
  return {
    contentType: readOid(contentType),
    content: expectTag(octets, 0x04).content,
    certificates: held.map(({ raw }) => parseCertificate(raw)),
    signer: parseSigner(signers[0]),
  };
}
