// Whether the signer of CMS SignedData signed it (RFC 5652 sections 5.4 and 5.6).
import { constants, createHash, type KeyObject, verify } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import type { SignedData } from './cms.ts';
import { elementsIn, expectTag, sequenceOf } from './der.ts';
import { invalidSignedData } from './fault.ts';
import { verifySigned } from './issued.ts';
import { digestNames, type SignerInfo } from './signerinfo.ts';
import { readOid } from './value.ts';

/** The signature of the signer by this certificate, and its digest of the content. Throws CertificateFault. */
export function checkSigner({ signer, contentType, content }: SignedData, certificate: Certificate): void {
  const type = signer.attributes.get('1.2.840.113549.1.9.3');
  const digest = signer.attributes.get('1.2.840.113549.1.9.4');
  if (type?.length !== 1 || readOid(type[0]) !== contentType)
    throw invalidSignedData(`contentType ${contentType}`, 'another or none');
  if (
    digest?.length !== 1 ||
    !expectTag(digest[0], 0x04).content.equals(createHash(signer.digest).update(content).digest())
  )
    throw invalidSignedData('the digest of the content', 'another');
  if (!isSignature(signer, certificate.publicKey))
    throw invalidSignedData("the signer's signature", 'one that does not fit');
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
