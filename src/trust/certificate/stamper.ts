// Who may say when: the signer of a timestamp leads to an authority that is trusted for that alone (RFC 3161 section 2.3).
import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { buildChain } from './chain.ts';
import type { SignedData } from './cms.ts';
import { expectTag, sequenceOf } from './der.ts';
import { invalidTimestamp } from './fault.ts';
import { digestNames } from './signerinfo.ts';
import { readOid } from './value.ts';

export interface TimestampAuthority {
  roots: readonly Certificate[];
  intermediates: readonly Certificate[];
  /** Where it is known, no other certificate may have signed. */
  leaf?: Certificate;
  /** Ms since 1970: the time in which its word counts. */
  validFrom?: number;
  validTo?: number;
}

const timeStamping = '1.3.6.1.5.5.7.3.8';

export function chainOf(
  signed: SignedData,
  authority: TimestampAuthority,
  time: number,
): Certificate[] | string {
  const { leaf, roots, intermediates, validFrom, validTo } = authority;
  if ((validFrom !== undefined && time < validFrom) || (validTo !== undefined && time > validTo))
    return 'one outside the time in which the authority counts';
  // what the token brings along may be a decoy: the signer is the one that the signature names
  const candidates = leaf === undefined ? [...signed.certificates, ...intermediates] : [leaf];
  const signer = candidates.find((certificate) => signed.signer.isSigner(certificate));
  if (signer === undefined) return 'a signer whose certificate is not there';
  const usage = signer.extensions.get('2.5.29.37');
  if (
    usage?.critical !== true ||
    signer.extendedKeyUsage?.length !== 1 ||
    signer.extendedKeyUsage[0] !== timeStamping
  )
    return 'a certificate that is not for timestamps alone';
  const chain = buildChain(signer, [...intermediates, ...signed.certificates], roots, time);
  if (chain === 'expired') return 'a certificate that was not valid at that time';
  if (chain === 'untrusted') return 'an authority that is not trusted';
  const fit = chain
    .slice(1)
    .every(
      ({ extendedKeyUsage }) => extendedKeyUsage === undefined || extendedKeyUsage.includes(timeStamping),
    );
  return fit ? chain : 'an authority that may not issue timestamp certificates';
}

/** The signed attribute that names the certificate, so that no other one with the same key can stand in (RFC 5035). */
export function checkSigningCertificate({ signer }: SignedData, certificate: Certificate): void {
  const second = signer.attributes.get('1.2.840.113549.1.9.16.2.47')?.[0];
  const first = signer.attributes.get('1.2.840.113549.1.9.16.2.12')?.[0];
  const attribute = second ?? first;
  if (attribute === undefined) throw invalidTimestamp('a signing-certificate attribute', 'none');
  const [entry] = sequenceOf(sequenceOf(attribute)[0]);
  const parts = sequenceOf(entry);
  const named = parts.find(({ tag }) => tag === 0x04);
  const algorithm = parts[0]?.tag === 0x30 ? digestNames[readOid(sequenceOf(parts[0])[0])] : 'sha256';
  const digest = second === undefined ? 'sha1' : algorithm;
  if (
    digest === undefined ||
    !createHash(digest).update(certificate.raw).digest().equals(expectTag(named, 0x04).content)
  )
    throw invalidTimestamp('the signing certificate it names', 'another');
}
