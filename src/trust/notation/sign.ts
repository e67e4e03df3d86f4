// Makes a Notation signature of an image (signing-and-verification-workflow.md, Signing steps).
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { encode, Tagged } from 'cborg';
import { messageOf } from '../../core/index.ts';
import { type Certificate, parseCertificates, tokenOf } from '../certificate/index.ts';
import type { Subject } from '../evidence/index.ts';
import { type Algorithm, algorithmOf, describeKey, makeSignature, verifySignature } from './algorithm.ts';
import { attributeNames, payloadType } from './attributes.ts';
import { checkSigningChain } from './chain.ts';
import { envelopeTypes } from './content.ts';
import { coseAlgorithms, labels, signedBytesOf } from './cose.ts';
import { NotationFault } from './fault.ts';

export interface SignNotationOptions {
  subject: Subject;
  /** Leaf first, root last, complete; PEM or parsed. */
  chain: string | readonly Certificate[];
  /** The leaf's private key, or what signs with it: RSA-PSS, or ECDSA with R and S one behind the other. */
  key: KeyObject | ((data: Uint8Array, algorithm: Algorithm) => Promise<Uint8Array>);
  format: 'jws' | 'cose';
  /** Ms since 1970; cut to seconds. */
  now: number;
  /** Ms since 1970 at which the signature stops to count; absent: never. */
  expiry?: number;
  /** Annotations that are signed with the image. */
  annotations?: Readonly<Record<string, string>>;
  /** What signs, for the reader; not signed itself. */
  agent?: string;
  /** An RFC 3161 token (or the whole answer) over the signature, by the authority that the caller asks. */
  timestamp?(signature: Uint8Array): Promise<Uint8Array>;
}

export interface NotationSignature {
  /** Of the one layer of the manifest. */
  mediaType: string;
  payload: Buffer;
  /** Of the manifest, whose artifact type is `signatureArtifactType`. */
  annotations: Record<string, string>;
}

/** What both envelopes are made of. */
interface Parts {
  algorithm: Algorithm;
  chain: readonly Certificate[];
  payload: Buffer;
  sign(data: Uint8Array): Promise<Uint8Array>;
  stamp(signature: Uint8Array): Promise<Uint8Array | undefined>;
  options: SignNotationOptions;
}

/** Throws NotationFault `signing-refused`, CertificateFault, and what `key` and `timestamp` throw. */
export async function signNotation(options: SignNotationOptions): Promise<NotationSignature> {
  const chain = typeof options.chain === 'string' ? parseCertificates(options.chain) : options.chain;
  const [leaf] = chain;
  if (leaf === undefined) throw refused('a chain of certificates', 'none');
  const algorithm = checkSigner(chain, leaf, options);
  const { key, timestamp } = options;
  const { mediaType, digest, size } = options.subject;
  const annotations = options.annotations === undefined ? {} : { annotations: options.annotations };
  const parts: Parts = {
    algorithm,
    chain,
    payload: Buffer.from(JSON.stringify({ targetArtifact: { mediaType, digest, size, ...annotations } })),
    async sign(data) {
      const signature =
        typeof key === 'function' ? await key(data, algorithm) : makeSignature(algorithm, data, key);
      // a key service that signs with another key would leave a signature that nobody can verify
      if (!verifySignature(algorithm, data, leaf.publicKey, signature))
        throw refused("a signature by the leaf certificate's key", 'one by another');
      return signature;
    },
    async stamp(signature) {
      const answer = await timestamp?.(signature);
      return answer === undefined ? undefined : tokenOf(answer);
    },
    options,
  };
  const payload = options.format === 'jws' ? await writeJws(parts) : await writeCose(parts);
  const prints = chain.map(({ raw }) => createHash('sha256').update(raw).digest('hex'));
  return {
    mediaType: envelopeTypes[options.format],
    payload,
    annotations: {
      'io.cncf.notary.x509chain.thumbprint#S256': JSON.stringify(prints),
      'org.opencontainers.image.created': new Date(seconds(options.now) * 1000)
        .toISOString()
        .replace('.000Z', 'Z'),
    },
  };
}

function checkSigner(
  chain: readonly Certificate[],
  leaf: Certificate,
  options: SignNotationOptions,
): Algorithm {
  const { now, expiry, key } = options;
  try {
    checkSigningChain(chain);
  } catch (cause) {
    throw new NotationFault('signing-refused', messageOf(cause), {
      cause,
      hint: 'Give the whole chain, leaf first and root last, of a certificate made for code signing.',
    });
  }
  for (const { notBefore, notAfter } of chain)
    if (now < notBefore || now > notAfter)
      throw refused('certificates that are valid now', 'one that is not');
  if (expiry !== undefined && seconds(expiry) <= seconds(now))
    throw refused('an expiry in the future', 'a past one');
  const algorithm = algorithmOf(leaf.publicKey);
  if (algorithm === undefined) throw refused('a key that Notation knows', describeKey(leaf.publicKey));
  if (typeof key !== 'function' && !createPublicKey(key).equals(leaf.publicKey))
    throw refused('the private key of the leaf certificate', 'another');
  return algorithm;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

async function writeJws({ algorithm, chain, payload, sign, stamp, options }: Parts): Promise<Buffer> {
  const { now, expiry, agent } = options;
  const { scheme, signingTime } = attributeNames;
  const time = (ms: number) => new Date(seconds(ms) * 1000).toISOString().replace('.000Z', 'Z');
  const head = {
    alg: algorithm,
    cty: payloadType,
    crit: [scheme, ...(expiry === undefined ? [] : [attributeNames.expiry])],
    [scheme]: 'notary.x509',
    [signingTime]: time(now),
    ...(expiry === undefined ? {} : { [attributeNames.expiry]: time(expiry) }),
  };
  const encoded = [Buffer.from(JSON.stringify(head)), payload].map((bytes) => bytes.toString('base64url'));
  const signature = await sign(Buffer.from(encoded.join('.')));
  const token = await stamp(signature);
  return Buffer.from(
    JSON.stringify({
      payload: encoded[1],
      protected: encoded[0],
      header: {
        ...(token === undefined ? {} : { [attributeNames.timestamp]: Buffer.from(token).toString('base64') }),
        x5c: chain.map(({ raw }) => raw.toString('base64')),
        ...(agent === undefined ? {} : { [attributeNames.agent]: agent }),
      },
      signature: Buffer.from(signature).toString('base64url'),
    }),
  );
}

async function writeCose({ algorithm, chain, payload, sign, stamp, options }: Parts): Promise<Buffer> {
  const { now, expiry, agent } = options;
  const { scheme, signingTime } = attributeNames;
  const head = new Map<string | number, unknown>([
    [labels.algorithm, coseAlgorithms[algorithm]],
    [labels.critical, [scheme, ...(expiry === undefined ? [] : [attributeNames.expiry])]],
    [labels.contentType, payloadType],
    [scheme, 'notary.x509'],
    [signingTime, new Tagged(1, seconds(now))],
  ]);
  if (expiry !== undefined) head.set(attributeNames.expiry, new Tagged(1, seconds(expiry)));
  const headBytes = encode(head);
  const signature = await sign(signedBytesOf(headBytes, payload));
  const token = await stamp(signature);
  const open = new Map<string | number, unknown>([[labels.chain, chain.map(({ raw }) => raw)]]);
  if (token !== undefined) open.set(attributeNames.timestamp, token);
  if (agent !== undefined) open.set(attributeNames.agent, agent);
  return Buffer.from(encode(new Tagged(18, [headBytes, open, payload, signature])));
}

function refused(expected: string, got: string): NotationFault {
  return new NotationFault('signing-refused', `expected ${expected}, got ${got}`);
}
