// Timestamps by a trusted authority (RFC 3161): when a signature existed at the latest.
import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { buildChain } from './chain.ts';
import { checkSigner, digestNames, parseSignedData, type SignedData } from './cms.ts';
import {
  type Der,
  elementsIn,
  expectTag,
  parseDer,
  readInteger,
  readOid,
  readTime,
  sequenceOf,
} from './der.ts';
import { CertificateFault } from './fault.ts';

export interface TimestampAuthority {
  roots: readonly Certificate[];
  intermediates: readonly Certificate[];
  /** Where it is known, no other certificate may have signed. */
  leaf?: Certificate;
  /** Ms since 1970: the time in which its word counts. */
  validFrom?: number;
  validTo?: number;
}

export interface Timestamp {
  /** Ms since 1970. */
  time: number;
  /** Ms by which the time may be off, either way. */
  accuracy: number;
  /** Leaf first, root last. */
  chain: Certificate[];
}

const timeStamping = '1.3.6.1.5.5.7.3.8';

/**
 * The time that a TimeStampToken or TimeStampResp over `signature` proves, by one of the authorities. Throws
 * CertificateFault `timestamp-invalid`, `der-invalid`, `certificate-invalid`.
 */
export function verifyTimestamp(
  token: Uint8Array,
  signature: Uint8Array,
  authorities: readonly TimestampAuthority[],
): Timestamp {
  const signed = parseSignedData(tokenOf(token));
  if (signed.contentType !== '1.2.840.113549.1.9.16.1.4') throw invalid('TSTInfo', signed.contentType);
  const info = readInfo(signed.content, signature);
  let reason = 'none is trusted';
  for (const authority of authorities) {
    const chain = chainOf(signed, authority, info.time);
    if (typeof chain === 'string') {
      reason = chain;
      continue;
    }
    checkSigner(signed, chain[0]!);
    checkSigningCertificate(signed, chain[0]!);
    return { ...info, chain };
  }
  throw invalid('a trusted timestamp authority', reason);
}

/** The response of an authority holds the token behind a status (RFC 3161 section 2.4.2). */
export function tokenOf(bytes: Uint8Array): Buffer {
  const whole = parseDer(bytes);
  const [first, second] = sequenceOf(whole);
  if (first?.tag === 0x06) return whole.raw;
  const status = readInteger(sequenceOf(first)[0]);
  if (status !== 0n && status !== 1n) throw invalid('a granted timestamp', `status ${status}`);
  return expectTag(second, 0x30).raw;
}

function readInfo(content: Buffer, signature: Uint8Array): Pick<Timestamp, 'time' | 'accuracy'> {
  const [version, , imprint, , time, ...rest] = sequenceOf(parseDer(content));
  if (readInteger(version) !== 1n) throw invalid('version 1', 'another');
  const [algorithm, digest] = sequenceOf(imprint);
  const name = digestNames[readOid(sequenceOf(algorithm)[0])];
  if (name === undefined) throw invalid('SHA-256, SHA-384 or SHA-512', 'another digest');
  if (!createHash(name).update(signature).digest().equals(expectTag(digest, 0x04).content))
    throw invalid('a timestamp over this signature', 'one over other bytes');
  if (rest.some(({ tag }) => tag === 0xa1)) checkExtensions(rest.find(({ tag }) => tag === 0xa1)!);
  return {
    time: readTime(expectTag(time, 0x18)),
    accuracy: readAccuracy(rest.find(({ tag }) => tag === 0x30)),
  };
}

function readAccuracy(element: Der | undefined): number {
  if (element === undefined) return 0;
  let accuracy = 0;
  for (const part of sequenceOf(element)) {
    const value = Number(readInteger({ ...part, tag: 0x02 }));
    if (value < 0 || value > 86_400) throw invalid('an accuracy of at most a day', String(value));
    accuracy += part.tag === 0x02 ? value * 1000 : part.tag === 0x80 ? value : value / 1000;
  }
  return accuracy;
}

function checkExtensions(holder: Der): void {
  for (const extension of elementsIn(holder.content)) {
    const parts = elementsIn(extension.content);
    if (parts.some(({ tag, content }) => tag === 0x01 && content[0] === 0xff))
      throw invalid('no critical extension', readOid(parts[0]));
  }
}

function chainOf(signed: SignedData, authority: TimestampAuthority, time: number): Certificate[] | string {
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
function checkSigningCertificate({ signer }: SignedData, certificate: Certificate): void {
  const second = signer.attributes.get('1.2.840.113549.1.9.16.2.47')?.[0];
  const first = signer.attributes.get('1.2.840.113549.1.9.16.2.12')?.[0];
  const attribute = second ?? first;
  if (attribute === undefined) throw invalid('a signing-certificate attribute', 'none');
  const [entry] = sequenceOf(sequenceOf(attribute)[0]);
  const parts = sequenceOf(entry);
  const named = parts.find(({ tag }) => tag === 0x04);
  const algorithm = parts[0]?.tag === 0x30 ? digestNames[readOid(sequenceOf(parts[0])[0])] : 'sha256';
  const digest = second === undefined ? 'sha1' : algorithm;
  if (
    digest === undefined ||
    !createHash(digest).update(certificate.raw).digest().equals(expectTag(named, 0x04).content)
  )
    throw invalid('the signing certificate it names', 'another');
}

function invalid(expected: string, got: string): CertificateFault {
  return new CertificateFault('timestamp-invalid', `expected ${expected}, got ${got}`);
}
