// Whether a certificate was revoked, as a responder answers (RFC 6960).
import { createHash } from 'node:crypto';
import {
  type Certificate,
  type Der,
  elementsIn,
  expectTag,
  isValidAt,
  parseCertificate,
  parseDer,
  readBits,
  readInteger,
  readOid,
  readTime,
  sequenceOf,
  verifySigned,
  writeDer,
  writeInteger,
  writeOid,
} from '../certificate/index.ts';
import { isIssuedBy } from './chain.ts';
import { NotationFault } from './fault.ts';
import { crlUrls, ocspUrls } from './pointers.ts';

const sha1 = '1.3.14.3.2.26';
const basic = '1.3.6.1.5.5.7.48.1.1';
const noCheck = '1.3.6.1.5.5.7.48.1.5';
const ocspSigning = '1.3.6.1.5.5.7.3.9';
const mostCertificates = 16;
const mostResponses = 1000;

/** The hash only names the certificate in a CertID; it vouches for nothing, so SHA-1 does. */
const hashes: Readonly<Record<string, string>> = {
  [sha1]: 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

export interface RevocationStatus {
  state: 'good' | 'revoked' | 'unknown';
  /** Ms since 1970. */
  thisUpdate: number;
  nextUpdate: number;
  /** Ms since 1970; of `revoked`. */
  revokedAt?: number;
  /** Ms since 1970 since when the key is not to be trusted (RFC 5280 section 5.3.2). */
  invalidFrom?: number;
}

/** An OCSPRequest for one certificate; SHA-1 in the CertID, since public responders know no other. */
export function ocspRequest(certificate: Certificate, issuer: Certificate): Buffer {
  const id = writeDer(
    0x30,
    writeDer(0x30, writeOid(sha1), writeDer(0x05)),
    writeDer(0x04, digest('sha1', issuer.subject)),
    writeDer(0x04, digest('sha1', keyBits(issuer))),
    writeInteger(Buffer.from(certificate.serial, 'hex')),
  );
  return writeDer(0x30, writeDer(0x30, writeDer(0x30, writeDer(0x30, id))));
}

/**
 * What an OCSPResponse says of a certificate at `now` (ms since 1970), when the issuer or its delegate signed it.
 * Throws NotationFault `revocation-invalid`, CertificateFault.
 */
export function readOcsp(
  bytes: Uint8Array,
  certificate: Certificate,
  issuer: Certificate,
  now: number,
): RevocationStatus {
  const [status, holder] = sequenceOf(parseDer(bytes));
  const code = expectTag(status, 0x0a).content[0];
  if (code !== 0) throw invalid('a successful OCSP answer', refusals[code ?? -1] ?? `status ${code}`);
  const [type, octets] = sequenceOf(elementsIn(expectTag(holder, 0xa0).content)[0]);
  if (readOid(type) !== basic) throw invalid('a basic OCSP answer', readOid(type));
  const [data, algorithm, signature, certificates] = sequenceOf(parseDer(expectTag(octets, 0x04).content));
  const parts = sequenceOf(data);
  const [responder, , responses] = parts[0]?.tag === 0xa0 ? parts.slice(1) : parts;
  const held =
    certificates === undefined ? [] : sequenceOf(elementsIn(expectTag(certificates, 0xa0).content)[0]);
  if (held.length > mostCertificates)
    throw invalid(`at most ${mostCertificates} certificates in an OCSP answer`, `${held.length}`);
  const signer = responderOf(responder, issuer, held, now);
  if (!verifySigned(data!.raw, readOid(sequenceOf(algorithm)[0]), readBits(signature), signer.publicKey))
    throw invalid('an OCSP answer signed by the responder it names', 'a signature that does not fit');
  return readSingle(responses, certificate, issuer);
}

const refusals: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};

/** The issuer, or a certificate that the issuer itself made for OCSP (RFC 6960 section 4.2.2.2). */
function responderOf(
  id: Der | undefined,
  issuer: Certificate,
  held: readonly Der[],
  now: number,
): Certificate {
  if (isResponder(id, issuer)) return issuer;
  for (const { raw } of held) {
    const delegate = parseCertificate(raw);
    if (!isResponder(id, delegate)) continue;
    if (!delegate.extendedKeyUsage?.includes(ocspSigning))
      throw invalid('a responder with the purpose OCSPSigning', 'one without');
    if (!isIssuedBy(delegate, issuer)) throw invalid('a responder that the issuer itself named', 'another');
    if (!isValidAt(delegate, now)) throw invalid('a responder whose certificate is valid', 'one that is not');
    if (delegate.keyUsage !== undefined && !delegate.keyUsage.has(0))
      throw invalid('a responder that may sign', 'one that may not');
    // Section 4.2.2.2.1: a delegate that wants to be looked up itself, and is not exempt, could be a stolen one.
    if (!delegate.extensions.has(noCheck) && ocspUrls(delegate).length + crlUrls(delegate).length > 0)
      throw invalid('a responder exempt from revocation (ocsp-nocheck)', 'one that may be revoked itself');
    return delegate;
  }
  throw invalid('the certificate of the responder, or its issuer', 'neither');
}

function isResponder(id: Der | undefined, certificate: Certificate): boolean {
  if (id?.tag === 0xa1) return elementsIn(id.content)[0]?.raw.equals(certificate.subject) === true;
  const hash = elementsIn(expectTag(id, 0xa2).content)[0];
  return expectTag(hash, 0x04).content.equals(digest('sha1', keyBits(certificate)));
}

function readSingle(
  responses: Der | undefined,
  certificate: Certificate,
  issuer: Certificate,
): RevocationStatus {
  const singles = sequenceOf(responses);
  if (singles.length > mostResponses)
    throw invalid(`at most ${mostResponses} answers in one`, `${singles.length}`);
  for (const single of singles) {
    const [id, status, thisUpdate, ...rest] = sequenceOf(single);
    if (!isAbout(id, certificate, issuer)) continue;
    const next = rest.find(({ tag }) => tag === 0xa0);
    if (next === undefined) throw invalid('an OCSP answer with nextUpdate', 'one without');
    const extensions = rest.find(({ tag }) => tag === 0xa1);
    const invalidFrom =
      extensions === undefined ? undefined : readInvalidity(elementsIn(extensions.content)[0]);
    return {
      ...readStatus(status),
      thisUpdate: readTime(expectTag(thisUpdate, 0x18)),
      nextUpdate: readTime(expectTag(elementsIn(next.content)[0], 0x18)),
      ...(invalidFrom === undefined ? {} : { invalidFrom }),
    };
  }
  throw invalid('an OCSP answer about this certificate', 'one about others');
}

function isAbout(id: Der | undefined, certificate: Certificate, issuer: Certificate): boolean {
  const [algorithm, name, key, serial] = sequenceOf(id);
  const hash = hashes[readOid(sequenceOf(algorithm)[0])];
  readInteger(serial);
  return (
    hash !== undefined &&
    serial!.content.toString('hex') === certificate.serial &&
    expectTag(name, 0x04).content.equals(digest(hash, issuer.subject)) &&
    expectTag(key, 0x04).content.equals(digest(hash, keyBits(issuer)))
  );
}

function readStatus(status: Der | undefined): Pick<RevocationStatus, 'state' | 'revokedAt'> {
  if (status?.tag === 0x80) return { state: 'good' };
  if (status?.tag === 0x82) return { state: 'unknown' };
  return { state: 'revoked', revokedAt: readTime(sequenceOf(status, 0xa1)[0]) };
}

/** The invalidity date among extensions; one that is critical and not known makes the answer unusable. */
export function readInvalidity(extensions: Der | undefined): number | undefined {
  let invalidFrom: number | undefined;
  for (const extension of extensions === undefined ? [] : sequenceOf(extensions)) {
    const [id, ...values] = sequenceOf(extension);
    const name = readOid(id);
    if (name === '2.5.29.24')
      invalidFrom = readTime(expectTag(parseDer(expectTag(values.at(-1), 0x04).content), 0x18));
    else if (values.length === 2 && values[0]?.content[0] !== 0)
      throw invalid('critical extensions that are known', name);
  }
  return invalidFrom;
}

/** What the hash of an issuer's key is made over: the bits without tag, length and count of unused ones. */
function keyBits({ spki }: Certificate): Buffer {
  return readBits(sequenceOf(parseDer(spki))[1]);
}

function digest(hash: string, bytes: Uint8Array): Buffer {
  return createHash(hash).update(bytes).digest();
}

function invalid(expected: string, got: string): NotationFault {
  return new NotationFault('revocation-invalid', `expected ${expected}, got ${got}`);
}
