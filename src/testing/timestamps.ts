// Real RFC 3161 timestamps by a throw-away authority, for tests that ask when a signature existed.
import { createHash, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import {
  parseCertificate,
  parseDer,
  readOid,
  sequenceOf,
  writeDer,
  writeInteger,
  writeOid,
} from '../trust/certificate/index.ts';
import {
  extendedKeyUsage,
  type Holder,
  type HolderOptions,
  keyUsage,
  makeHolder,
  purposes,
  sequence,
  signatureAlgorithm,
  signed,
  timeDer,
  usualHash,
} from './x509.ts';

export interface TimestampOptions {
  /** Ms either way; none when left out. */
  accuracy?: number;
  /** Certificates that the token carries; the signer's own when left out. */
  certificates?: readonly Uint8Array[];
  /** The certificate that the signed attribute names; the signer's own when left out. */
  named?: Uint8Array;
  /** In place of TSTInfo. */
  contentType?: string;
  serial?: Uint8Array;
  /** Object identifier of the hash that the imprint is made with; SHA-256 when left out. */
  imprintHash?: string;
  /** Bytes of the number that the asker gave. */
  nonce?: Uint8Array;
}

/** A certificate for timestamps alone, as RFC 3161 section 2.3 wants it. */
export function makeTimestamper(subject: string, issuer: Holder, options: HolderOptions = {}): Holder {
  return makeHolder(subject, issuer, {
    extensions: [keyUsage([0]), extendedKeyUsage([purposes.timeStamping], true)],
    ...options,
  });
}

const nist = '2.16.840.1.101.3.4.2';
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

/** A TimeStampToken over bytes at a time (ms since 1970). */
export function timestampToken(
  authority: Holder,
  over: Uint8Array,
  time: number,
  options: TimestampOptions = {},
): Buffer {
  return timestampTokenOf(authority, digest(over), time, options);
}

/** As `timestampToken`, over what has this hash. */
export function timestampTokenOf(
  authority: Holder,
  imprint: Uint8Array,
  time: number,
  options: TimestampOptions = {},
): Buffer {
  const type = options.contentType ?? '1.2.840.113549.1.9.16.1.4';
  const info = sequence(
    writeInteger(Buffer.from([1])),
    writeOid('1.3.6.1.4.1.57264.2'),
    sequence(sequence(writeOid(options.imprintHash ?? `${nist}.1`), writeDer(0x05)), writeDer(0x04, imprint)),
    writeInteger(options.serial ?? randomBytes(8)),
    timeDer(time, true),
    ...(options.accuracy === undefined ? [] : [accuracyOf(options.accuracy)]),
    ...(options.nonce === undefined ? [] : [writeInteger(options.nonce)]),
  );
  const hash = usualHash(authority.key);
  const certificate = parseCertificate(authority.certificate);
  const attributes = writeDer(
    0x31,
    attribute('1.2.840.113549.1.9.3', writeOid(type)),
    attribute('1.2.840.113549.1.9.4', writeDer(0x04, createHash(hash).update(info).digest())),
    attribute(
      '1.2.840.113549.1.9.16.2.47',
      sequence(sequence(sequence(writeDer(0x04, digest(options.named ?? authority.certificate))))),
    ),
  );
  const hashId = { sha1: '1.3.14.3.2.26', sha256: `${nist}.1`, sha384: `${nist}.2`, sha512: `${nist}.3` }[
    hash
  ];
  const digestAlgorithm = sequence(writeOid(hashId));
  const signer = sequence(
    writeInteger(Buffer.from([1])),
    sequence(certificate.issuer, writeInteger(Buffer.from(certificate.serial, 'hex'))),
    digestAlgorithm,
    retagged(attributes, 0xa0),
    signatureAlgorithm(authority.key, hash),
    writeDer(0x04, signed(attributes, authority.key, hash)),
  );
  return sequence(
    writeOid('1.2.840.113549.1.7.2'),
    writeDer(
      0xa0,
      sequence(
        writeInteger(Buffer.from([3])),
        writeDer(0x31, digestAlgorithm),
        sequence(writeOid(type), writeDer(0xa0, writeDer(0x04, info))),
        writeDer(0xa0, ...(options.certificates ?? [authority.certificate])),
        writeDer(0x31, signer),
      ),
    ),
  );
}

function attribute(type: string, value: Uint8Array): Buffer {
  return sequence(writeOid(type), writeDer(0x31, value));
}

function retagged(element: Uint8Array, tag: number): Buffer {
  const copy = Buffer.from(element);
  copy[0] = tag;
  return copy;
}

function accuracyOf(ms: number): Buffer {
  const number = (value: number) => writeInteger(Buffer.from(value.toString(16).padStart(8, '0'), 'hex'));
  const seconds = Math.floor(ms / 1000);
  return sequence(
    ...(seconds > 0 ? [number(seconds)] : []),
    ...(ms % 1000 > 0 ? [retagged(number(ms % 1000), 0x80)] : []),
  );
}

/** The answer to a TimeStampReq (RFC 3161 section 2.4). */
export function timestampResponse(authority: Holder, request: Uint8Array, time = Date.now()): Buffer {
  const [, imprint, ...rest] = sequenceOf(parseDer(request));
  const [algorithm, hash] = sequenceOf(imprint);
  const nonce = rest.find(({ tag }) => tag === 0x02);
  const token = timestampTokenOf(authority, hash!.content, time, {
    imprintHash: readOid(sequenceOf(algorithm)[0]),
    ...(nonce === undefined ? {} : { nonce: nonce.content }),
  });
  return sequence(sequence(writeInteger(Buffer.from([0]))), token);
}

/** A timestamp authority over HTTP (RFC 3161 section 3.4). */
export function timestampHandler(authority: Holder, now: () => number = Date.now): RequestListener {
  return async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    response.setHeader('content-type', 'application/timestamp-reply');
    response.end(timestampResponse(authority, Buffer.concat(chunks), now()));
  };
}
