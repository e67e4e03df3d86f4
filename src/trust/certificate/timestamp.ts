// Timestamps by a trusted authority (RFC 3161): when a signature existed at the latest.
import { parseSignedData } from './cms.ts';
import { expectTag, parseDer, sequenceOf } from './der.ts';
import { invalidTimestamp } from './fault.ts';
import { checkSigner } from './signature.ts';
import { chainOf, checkSigningCertificate, type TimestampAuthority } from './stamper.ts';
import { readInfo, type Timestamp } from './tstinfo.ts';
import { readInteger } from './value.ts';

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
  if (signed.contentType !== '1.2.840.113549.1.9.16.1.4')
    throw invalidTimestamp('TSTInfo', signed.contentType);
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
  throw invalidTimestamp('a trusted timestamp authority', reason);
}

/** The response of an authority holds the token behind a status (RFC 3161 section 2.4.2). */
export function tokenOf(bytes: Uint8Array): Buffer {
  const whole = parseDer(bytes);
  const [first, second] = sequenceOf(whole);
  if (first?.tag === 0x06) return whole.raw;
  const status = readInteger(sequenceOf(first)[0]);
  if (status !== 0n && status !== 1n) throw invalidTimestamp('a granted timestamp', `status ${status}`);
  return expectTag(second, 0x30).raw;
}
