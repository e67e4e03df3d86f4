// Whether a certificate was revoked, as its issuer's list says (RFC 5280 section 5).
import {
  type Certificate,
  type Der,
  elementsIn,
  expectTag,
  parseDer,
  readBits,
  readBoolean,
  readInteger,
  readOid,
  readTime,
  sequenceOf,
  verifySigned,
} from '../certificate/index.ts';
import { NotationFault } from './fault.ts';
import { type RevocationStatus, readInvalidity } from './ocsp.ts';
import { crlUrls, fullNames } from './pointers.ts';

const deltaIndicator = '2.5.29.27';
const distributionPoint = '2.5.29.28';
const reasonCode = '2.5.29.21';
const removeFromCrl = 8;

/**
 * What a CRL says of a certificate, when its issuer signed it and it covers the certificate. Whether the list is current
 * is for the caller. Throws NotationFault `revocation-invalid`, CertificateFault.
 */
export function readCrl(bytes: Uint8Array, certificate: Certificate, issuer: Certificate): RevocationStatus {
  const [list, outer, signature] = sequenceOf(parseDer(bytes));
  const parts = sequenceOf(list);
  if (parts[0]?.tag === 0x02 && readInteger(parts[0]) !== 1n) throw invalid('a CRL of version 2', 'another');
  const [inner, name, thisUpdate, ...rest] = parts[0]?.tag === 0x02 ? parts.slice(1) : parts;
  if (inner === undefined || outer === undefined || !inner.raw.equals(outer.raw))
    throw invalid('the same signature algorithm inside and outside', 'two');
  if (!issuer.subject.equals(expectTag(name, 0x30).raw))
    throw invalid("the issuer's CRL", "another authority's");
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.has(6))
    throw invalid('an issuer that may sign CRLs', 'one that may not');
  if (
    !isSignedOnce(bytes, issuer, () =>
      verifySigned(list!.raw, readOid(sequenceOf(outer)[0]), readBits(signature), issuer.publicKey),
    )
  )
    throw invalid('a CRL signed by the issuer', 'a signature that does not fit');
  const next = rest[0]?.tag === 0x17 || rest[0]?.tag === 0x18 ? rest.shift() : undefined;
  if (next === undefined) throw invalid('a CRL with nextUpdate', 'one without');
  const entries = rest[0]?.tag === 0x30 ? rest.shift() : undefined;
  checkExtensions(rest[0], certificate);
  return {
    ...(entries === undefined ? { state: 'good' } : search(entries, certificate)),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: readTime(next),
  };
}

const signedBy = new WeakMap<Uint8Array, Buffer>();

/** Hashing a list of many megabytes takes a while, and a hundred signatures may ask for the same one. */
function isSignedOnce(bytes: Uint8Array, { raw }: Certificate, verify: () => boolean): boolean {
  if (signedBy.get(bytes)?.equals(raw) === true) return true;
  if (!verify()) return false;
  signedBy.set(bytes, raw);
  return true;
}

/** Until when a CRL is current; it is not verified. Throws NotationFault, CertificateFault. */
export function crlNextUpdate(bytes: Uint8Array): number {
  const [list] = sequenceOf(parseDer(bytes));
  const times = sequenceOf(list).filter(({ tag }) => tag === 0x17 || tag === 0x18);
  if (times.length !== 2) throw invalid('a CRL with nextUpdate', 'one without');
  return readTime(times[1]);
}

/** A list may hold a million entries: each is passed by in a step, and only those of the serial are read. */
function search(
  entries: Der,
  certificate: Certificate,
): Pick<RevocationStatus, 'state' | 'revokedAt' | 'invalidFrom'> {
  const wanted = Buffer.from(certificate.serial, 'hex');
  const { content } = entries;
  let found: Pick<RevocationStatus, 'state' | 'revokedAt' | 'invalidFrom'> = { state: 'good' };
  for (let at = 0; at < content.length; ) {
    const [start, end] = spanOf(content, at);
    // INTEGER of one length byte, as every serial has (RFC 5280 section 4.1.2.2: at most 20 bytes)
    if (content[start] !== 0x02 || (content[start + 1] ?? 0x80) >= 0x80)
      throw invalid('a serial number in each entry of a CRL', 'something else');
    if (
      content[start + 1] === wanted.length &&
      content.subarray(start + 2, start + 2 + wanted.length).equals(wanted)
    ) {
      const entry = readEntry(content.subarray(start, end));
      if (entry !== undefined) found = entry;
    }
    at = end;
  }
  return found;
}

/** Where the contents of the SEQUENCE at `at` start and end. */
function spanOf(bytes: Buffer, at: number): [number, number] {
  const first = bytes[at + 1] ?? 0;
  const count = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + count;
  if (bytes[at] !== 0x30 || count > 4 || start > bytes.length || first === 0x80)
    throw invalid('entries in a CRL', 'something else');
  const end = start + (count === 0 ? first : bytes.readUIntBE(at + 2, count));
  if (end > bytes.length) throw invalid('a whole entry in a CRL', 'a part of one');
  return [start, end];
}

function readEntry(
  content: Buffer,
): Pick<RevocationStatus, 'state' | 'revokedAt' | 'invalidFrom'> | undefined {
  const [, revokedAt, extensions] = elementsIn(content);
  const kept: Der[] = [];
  for (const extension of extensions === undefined ? [] : sequenceOf(extensions)) {
    const [id, ...values] = sequenceOf(extension);
    if (readOid(id) !== reasonCode) kept.push(extension);
    else if (expectTag(parseDer(expectTag(values.at(-1), 0x04).content), 0x0a).content[0] === removeFromCrl)
      return undefined;
  }
  const invalidFrom = readInvalidity(
    kept.length === 0
      ? undefined
      : { tag: 0x30, content: Buffer.concat(kept.map(({ raw }) => raw)), raw: content },
  );
  return {
    state: 'revoked',
    revokedAt: readTime(revokedAt),
    ...(invalidFrom === undefined ? {} : { invalidFrom }),
  };
}

function checkExtensions(holder: Der | undefined, certificate: Certificate): void {
  if (holder === undefined) return;
  for (const extension of sequenceOf(elementsIn(expectTag(holder, 0xa0).content)[0])) {
    const [id, ...values] = sequenceOf(extension);
    const name = readOid(id);
    if (name === deltaIndicator) throw invalid('a whole CRL', 'a delta CRL');
    if (name === distributionPoint) checkScope(parseDer(expectTag(values.at(-1), 0x04).content), certificate);
    else if (values.length === 2 && readBoolean(values[0]))
      throw invalid('critical extensions of a CRL that are known', name);
  }
}

/**
 * IssuingDistributionPoint (section 5.2.5): over plain HTTP anyone can hand out another part of the issuer's lists, one
 * that the certificate could not be in.
 */
function checkScope(scope: Der, certificate: Certificate): void {
  for (const part of sequenceOf(scope)) {
    if (part.tag === 0xa0) {
      const names = fullNames(part.content);
      const own = crlUrls(certificate);
      if (!names.some((url) => own.includes(url)))
        throw invalid("the part of the CRL that the certificate's point names", 'another part');
      continue;
    }
    // [1] users alone, [2] authorities alone; DER leaves a false one out
    const covers =
      (part.tag === 0x81 && certificate.ca !== true) || (part.tag === 0x82 && certificate.ca === true);
    if (!covers)
      throw invalid('a CRL that covers the certificate', 'one for others, for some reasons, or indirect');
  }
}

function invalid(expected: string, got: string): NotationFault {
  return new NotationFault('revocation-invalid', `expected ${expected}, got ${got}`);
}
