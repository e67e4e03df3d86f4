// A throw-away authority's word on what it revoked: OCSP answers, CRLs, and a server that gives both out.
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import {
  type Certificate,
  elementsIn,
  parseCertificate,
  parseDer,
  readBits,
  sequenceOf,
  writeDer,
  writeInteger,
  writeOid,
} from '../trust/certificate/index.ts';
import { listenHandler } from './listen.ts';
import { extension, type Hash, type Holder, sequence, signedDer, timeDer } from './x509.ts';

const day = 86_400_000;

export interface OcspOptions {
  issuer: Holder;
  /** DER of the certificate that the answer is about. */
  certificate: Uint8Array;
  state?: 'good' | 'revoked' | 'unknown';
  /** Ms since 1970; an hour ago, and in a day. */
  thisUpdate?: number;
  /** `null` leaves it out. */
  nextUpdate?: number | null;
  revokedAt?: number;
  invalidFrom?: number;
  /** In place of the issuer, with its certificate in the answer. */
  delegate?: Holder;
  /** Names the responder by the hash of its key. */
  byKey?: boolean;
  /** Of the CertID. */
  hash?: 'sha1' | 'sha256';
  /** Signs in place of whom the answer names. */
  signer?: Holder;
  digest?: Hash;
}

/** An OCSPResponse (RFC 6960). */
export function ocspAnswer(options: OcspOptions): Buffer {
  const { issuer, certificate, delegate, byKey, signer, digest } = options;
  const responder = parseCertificate((delegate ?? issuer).certificate);
  const data = sequence(
    byKey === true
      ? writeDer(0xa2, writeDer(0x04, hashed('sha1', keyBits(responder))))
      : writeDer(0xa1, responder.subject),
    timeDer(Date.now(), true),
    sequence(singleAnswer(options, parseCertificate(issuer.certificate), parseCertificate(certificate))),
  );
  const body = signedDer(data, (signer ?? delegate ?? issuer).key, digest);
  const answer =
    delegate === undefined
      ? body
      : sequence(
          ...sequenceOf(parseDer(body)).map(({ raw }) => raw),
          writeDer(0xa0, sequence(delegate.certificate)),
        );
  return ocspResponse(answer);
}

/** An OCSPResponse around a BasicOCSPResponse. */
export function ocspResponse(answer: Uint8Array): Buffer {
  return sequence(
    writeDer(0x0a, Buffer.from([0])),
    writeDer(0xa0, sequence(writeOid('1.3.6.1.5.5.7.48.1.1'), writeDer(0x04, answer))),
  );
}

/** An answer that is none: 1 malformedRequest, 2 internalError, 3 tryLater, 6 unauthorized. */
export function ocspRefusal(status: number): Buffer {
  return sequence(writeDer(0x0a, Buffer.from([status])));
}

function singleAnswer(options: OcspOptions, issuer: Certificate, certificate: Certificate): Buffer {
  const { state = 'good', hash = 'sha1', nextUpdate, revokedAt, invalidFrom } = options;
  const now = Date.now();
  const algorithm = hash === 'sha1' ? '1.3.14.3.2.26' : '2.16.840.1.101.3.4.2.1';
  return sequence(
    sequence(
      sequence(writeOid(algorithm), writeDer(0x05)),
      writeDer(0x04, hashed(hash, issuer.subject)),
      writeDer(0x04, hashed(hash, keyBits(issuer))),
      writeInteger(Buffer.from(certificate.serial, 'hex')),
    ),
    state === 'good'
      ? writeDer(0x80)
      : state === 'unknown'
        ? writeDer(0x82)
        : writeDer(0xa1, timeDer(revokedAt ?? now - 60_000, true)),
    timeDer(options.thisUpdate ?? now - 3_600_000, true),
    ...(nextUpdate === null ? [] : [writeDer(0xa0, timeDer(nextUpdate ?? now + day, true))]),
    ...(invalidFrom === undefined ? [] : [writeDer(0xa1, sequence(invalidity(invalidFrom)))]),
  );
}

function invalidity(at: number): Buffer {
  return extension('2.5.29.24', false, timeDer(at, true));
}

export interface RevokedEntry {
  /** DER of the certificate. */
  certificate: Uint8Array;
  at?: number;
  reason?: number;
  invalidFrom?: number;
  extensions?: readonly Uint8Array[];
}

export interface CrlOptions {
  issuer: Holder;
  revoked?: readonly RevokedEntry[];
  thisUpdate?: number;
  /** `null` leaves it out. */
  nextUpdate?: number | null;
  /** Beside the CRL number. */
  extensions?: readonly Uint8Array[];
  /** Signs in place of the issuer. */
  signer?: Holder;
  digest?: Hash;
}

/** A CRL (RFC 5280 section 5). */
export function crlOf({ issuer, signer = issuer, ...options }: CrlOptions): Buffer {
  const now = Date.now();
  const algorithm = sequenceOf(parseDer(signedDer(sequence(), signer.key, options.digest)))[1]!.raw;
  const entries = (options.revoked ?? []).map(({ certificate, at, reason, invalidFrom, extensions = [] }) => {
    const all = [
      ...(reason === undefined ? [] : [extension('2.5.29.21', false, writeDer(0x0a, Buffer.from([reason])))]),
      ...(invalidFrom === undefined ? [] : [invalidity(invalidFrom)]),
      ...extensions,
    ];
    return sequence(
      writeInteger(Buffer.from(parseCertificate(certificate).serial, 'hex')),
      timeDer(at ?? now - 60_000),
      ...(all.length === 0 ? [] : [sequence(...all)]),
    );
  });
  const body = sequence(
    writeInteger(Buffer.from([1])),
    algorithm,
    parseCertificate(issuer.certificate).subject,
    timeDer(options.thisUpdate ?? now - 3_600_000),
    ...(options.nextUpdate === null ? [] : [timeDer(options.nextUpdate ?? now + day)]),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    writeDer(
      0xa0,
      sequence(extension('2.5.29.20', false, writeInteger(Buffer.from([1]))), ...(options.extensions ?? [])),
    ),
  );
  return signedDer(body, signer.key, options.digest);
}

function keyBits({ spki }: Certificate): Buffer {
  return readBits(sequenceOf(parseDer(spki))[1]);
}

function hashed(hash: string, bytes: Uint8Array): Buffer {
  return createHash(hash).update(bytes).digest();
}

/** Answers by path; a function gets the OCSP request's serial number (hexadecimal). */
export type Answers = Record<string, Buffer | number | ((serial: string) => Buffer)>;

export interface RevocationServer {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  answers: Answers;
  /** Method and path of each request. */
  asked: string[];
}

/** A number is a status, `-1` never an answer; OCSP comes by POST, or by GET with the request in the path. */
export async function openRevocationServer(context: Pick<TestContext, 'after'>): Promise<RevocationServer> {
  const answers: Answers = {};
  const asked: string[] = [];
  const host = await listenHandler(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url ?? '/';
    const known = Object.keys(answers).find((name) => path === name || path.startsWith(`${name}/`));
    asked.push(`${request.method} ${known ?? path}`);
    const answer = known === undefined ? 404 : answers[known]!;
    if (answer === -1) return;
    if (typeof answer === 'number') return void response.writeHead(answer).end();
    if (typeof answer !== 'function') return void response.end(answer);
    const sent =
      request.method === 'POST'
        ? Buffer.concat(chunks)
        : Buffer.from(decodeURIComponent(path.slice(known!.length + 1)), 'base64');
    response.setHeader('content-type', 'application/ocsp-response');
    response.end(answer(requestedSerial(sent)));
  }, context);
  return { url: `http://${host}`, answers, asked };
}

function requestedSerial(bytes: Buffer): string {
  const [list] = sequenceOf(sequenceOf(parseDer(bytes))[0]).filter(({ tag }) => tag === 0x30);
  const [first] = elementsIn(list!.content);
  return sequenceOf(sequenceOf(first)[0])[3]!.content.toString('hex');
}
