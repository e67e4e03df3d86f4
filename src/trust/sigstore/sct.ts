// Whether a trusted certificate log has seen the certificate (RFC 6962 sections 3.2 and 3.3).
import { createHash, verify } from 'node:crypto';
import {
  type Certificate,
  elementsIn,
  expectTag,
  parseDer,
  readOid,
  sequenceOf,
  writeDer,
} from '../certificate/index.ts';
import { Rejection } from '../evidence/index.ts';
import { isWithin, type TrustedLog } from '../root/index.ts';

const listId = '1.3.6.1.4.1.11129.2.4.2';

/** Throws Rejection `sct-missing` unless one embedded timestamp is by a log that counted then. */
export function checkSct(
  certificate: Certificate,
  issuer: Pick<Certificate, 'spki'>,
  logs: readonly TrustedLog[],
): void {
  const extension = certificate.extensions.get(listId);
  if (extension === undefined) throw missing('none');
  const entry = precertificate(certificate, issuer);
  for (const sct of readList(expectTag(parseDer(extension.value), 0x04).content)) {
    const log = logs.find(({ id }) => id === sct.logId);
    if (log === undefined || !isWithin(log.validFor, sct.time)) continue;
    const signed = Buffer.concat([
      Buffer.from([0, 0]),
      sct.timestamp,
      Buffer.from([0, 1]),
      entry,
      sct.extensions,
    ]);
    const digest = log.key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    if (verify(digest, signed, log.key, sct.signature)) return;
    throw missing('one that the log did not sign');
  }
  throw missing('none of a trusted log');
}

interface Sct {
  logId: string;
  /** Ms since 1970. */
  time: number;
  timestamp: Buffer;
  /** With their length. */
  extensions: Buffer;
  signature: Buffer;
}

function readList(bytes: Buffer): Sct[] {
  const found: Sct[] = [];
  const whole = block(bytes, 0);
  for (let at = 0; at < whole.length && found.length < 16; ) {
    const item = block(whole, at);
    at += 2 + item.length;
    if (item.length < 47 || item[0] !== 0) continue;
    const extensions = block(item, 41);
    const after = 43 + extensions.length;
    // SHA-256 with ECDSA or RSA (RFC 5246 section 7.4.1.4.1)
    if (item[after] !== 4) continue;
    const timestamp = item.subarray(33, 41);
    found.push({
      logId: item.subarray(1, 33).toString('hex'),
      time: Number(timestamp.readBigUInt64BE()),
      timestamp,
      extensions: item.subarray(41, after),
      signature: block(item, after + 2),
    });
  }
  return found;
}

/** What a length of two bytes announces. */
function block(bytes: Buffer, at: number): Buffer {
  if (at + 2 > bytes.length) throw missing('a list that is cut off');
  const end = at + 2 + bytes.readUInt16BE(at);
  if (end > bytes.length) throw missing('a list that is cut off');
  return bytes.subarray(at + 2, end);
}

/** Issuer key hash and the certificate as the log saw it: without the list of timestamps itself. */
function precertificate(certificate: Certificate, issuer: Pick<Certificate, 'spki'>): Buffer {
  const parts = sequenceOf(parseDer(certificate.tbs)).map((part) => {
    if (part.tag !== 0xa3) return part.raw;
    const [list] = elementsIn(part.content);
    const kept = sequenceOf(list).filter((extension) => readOid(sequenceOf(extension)[0]) !== listId);
    return writeDer(0xa3, writeDer(0x30, ...kept.map(({ raw }) => raw)));
  });
  const tbs = writeDer(0x30, ...parts);
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  return Buffer.concat([createHash('sha256').update(issuer.spki).digest(), length, tbs]);
}

function missing(got: string): Rejection {
  return new Rejection('sct-missing', `expected a certificate timestamp of a trusted log, got ${got}`);
}
