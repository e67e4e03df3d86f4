// What fuzzing damages of Notation: envelopes, revocation answers, names, trust policies.
import { elementsIn, parseCertificate, parseDer, sequenceOf } from '../trust/certificate/index.ts';
import { type Evidence, Rejection } from '../trust/evidence/index.ts';
import { readCrl } from '../trust/notation/crl.ts';
import { noRevocationEvidence, parseEnvelope, verifyNotation } from '../trust/notation/index.ts';
import { formatName, parseName, readName } from '../trust/notation/name.ts';
import { readOcsp } from '../trust/notation/ocsp.ts';
import { parseTrustPolicy } from '../trust/notation/trustpolicy.ts';
import {
  authorityOf,
  evidenceOf,
  forgeCose,
  forgeJws,
  makeChain,
  signedImage,
  signedRepository,
} from './notation.ts';
import { crlOf, ocspAnswer, ocspResponse } from './revocations.ts';
import { makeHolder, signedDer } from './x509.ts';

const chain = makeChain();
const [leaf, issuer, root] = [chain[0], chain[1]!, chain[2]!];
const [certificate, authority] = [leaf, issuer].map((holder) => parseCertificate(holder.certificate));
const now = Date.now();
const trusting = authorityOf({ 'ca:a': [root] });

/** A Rejection is an answer. */
function answer(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
}

function verified(bytes: Buffer, mediaType: string): unknown {
  answer(() => parseEnvelope(mediaType, bytes));
  const evidence: Evidence = evidenceOf(bytes, mediaType);
  return verifyNotation(evidence, signedImage, trusting, signedRepository, noRevocationEvidence, now);
}

const crl = crlOf({ issuer, revoked: [{ certificate: leaf.certificate, reason: 1, invalidFrom: now }] });
const answered = ocspAnswer({ issuer, certificate: leaf.certificate, state: 'revoked', invalidFrom: now });
const [, basic] = sequenceOf(elementsIn(sequenceOf(parseDer(answered))[1]!.content)[0]);

/** What is signed, so that damage to it can be signed again and gets past the first check. */
function signedPart(bytes: Uint8Array): Buffer {
  return sequenceOf(parseDer(bytes))[0]!.raw;
}

const jws = JSON.parse(Buffer.from(forgeJws(chain).payload).toString()) as Record<string, string>;

export const notationParsers = {
  'notation/jws-header': {
    corpus: () => [Buffer.from(jws['protected']!, 'base64url')],
    parse(bytes: Buffer) {
      const damaged = JSON.stringify({ ...jws, protected: bytes.toString('base64url') });
      return verified(Buffer.from(damaged), 'application/jose+json');
    },
  },
  'notation/jws': {
    corpus: () => [Buffer.from(forgeJws(chain).payload)],
    parse: (bytes: Buffer) => verified(bytes, 'application/jose+json'),
  },
  'notation/cose': {
    corpus: () => [Buffer.from(forgeCose(chain).payload)],
    parse: (bytes: Buffer) => verified(bytes, 'application/cose'),
  },
  'notation/ocsp': {
    corpus: () => [
      ocspAnswer({ issuer, certificate: leaf.certificate, state: 'revoked', invalidFrom: now }),
      ocspAnswer({ issuer, certificate: leaf.certificate, byKey: true }),
    ],
    parse: (bytes: Buffer) => readOcsp(bytes, certificate!, authority!, now),
  },
  'notation/crl': {
    corpus: () => [crl],
    parse: (bytes: Buffer) => readCrl(bytes, certificate!, authority!),
  },
  'notation/ocsp-signed': {
    corpus: () => [signedPart(basic!.content)],
    parse: (bytes: Buffer) =>
      readOcsp(ocspResponse(signedDer(bytes, issuer.key)), certificate!, authority!, now),
  },
  'notation/crl-signed': {
    corpus: () => [signedPart(crl)],
    parse: (bytes: Buffer) => readCrl(signedDer(bytes, issuer.key), certificate!, authority!),
  },
  'notation/name': {
    corpus: () => [Buffer.from('C=US, ST=WA, O=example.com, CN=a\\,b\\C4\\8D, 1.2.3.4=x')],
    parse: (bytes: Buffer) => parseName(bytes.toString()),
  },
  'notation/name-der': {
    corpus: () => [
      parseCertificate(makeHolder('CN=a\\,b,O=example.com,C=US', undefined).certificate).subject,
    ],
    parse(bytes: Buffer) {
      formatName(bytes);
      return readName(bytes);
    },
  },
  'notation/trust-policy': {
    corpus: () => [Buffer.from(JSON.stringify(trusting.trustPolicy))],
    parse: (bytes: Buffer) => parseTrustPolicy(bytes.toString()),
  },
};
