// A whole Sigstore for the length of a test: authority with certificate log, two transparency logs (Rekor v1 and v2) and a
// timestamp authority, over HTTP as the real ones, and the trusted root that names them.
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { certificatePem, parseCertificate, writeDer } from '../trust/certificate/index.ts';
import { listenHandler } from './listen.ts';
import { MerkleTree } from './merkle.ts';
import { makeTimestamper, timestampHandler } from './timestamps.ts';
import {
  basicConstraints,
  extendedKeyUsage,
  extension,
  type Holder,
  keyUsage,
  makeCertificate,
  makeRoot,
  purposes,
} from './x509.ts';

export interface TestSigstore {
  fulcio: string;
  rekor1: string;
  rekor2: string;
  tsa: string;
  keys: { rekor1: KeyObject; rekor2: KeyObject };
  stamper: Holder;
  authority: { root: Buffer; intermediate: Buffer; key: KeyObject };
  /** Text of trusted_root.json; `change` takes the place of parts of it. */
  root(change?: TrustedRootChange): string;
  /** An identity token; nobody checks its signature here. */
  token(claims: { iss: string; sub?: string; email?: string }): string;
  /** A code-signing certificate for a key, leaf only, with its log's timestamp. */
  certificate(publicKey: KeyObject, options: CertificateOptions): Buffer;
}

export interface CertificateOptions {
  issuer: string;
  subject: string;
  /** Ms since 1970. */
  at: number;
  /** Extended key usages; code signing when left out. */
  usage?: readonly string[];
  /** False: no log saw it. */
  sct?: boolean;
  /** Extensions in place of the subject alternative name. */
  names?: Buffer;
}

export interface TrustedRootDocument {
  mediaType: string;
  tlogs: Record<string, unknown>[];
  certificateAuthorities: Record<string, unknown>[];
  ctlogs: Record<string, unknown>[];
  timestampAuthorities: Record<string, unknown>[];
}

export type TrustedRootChange = (document: TrustedRootDocument) => Partial<TrustedRootDocument>;

export interface SigstoreOptions {
  /** Ms since 1970: the services' clock; now when left out. */
  clock?: () => number;
  /** How the certificates that the authority issues differ from good ones. */
  certificates?: Partial<CertificateOptions>;
}

const start = '2020-01-01T00:00:00Z';

export async function startSigstore(
  context: Pick<TestContext, 'after'>,
  options: SigstoreOptions = {},
): Promise<TestSigstore> {
  const clock = options.clock ?? Date.now;
  const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const [rootKey, authorityKey, ctKey, rekor1] = [ec(), ec(), ec(), ec()];
  const rekor2 = generateKeyPairSync('ed25519').privateKey;
  const long = { notBefore: Date.parse(start), notAfter: Date.parse('2049-01-01T00:00:00Z') };
  const root = makeCertificate({
    subject: 'CN=root,O=testing',
    issuer: 'CN=root,O=testing',
    publicKey: createPublicKey(rootKey),
    signerKey: rootKey,
    extensions: [basicConstraints(true), keyUsage([5, 6])],
    ...long,
  });
  const intermediate = makeCertificate({
    subject: 'CN=intermediate,O=testing',
    issuer: 'CN=root,O=testing',
    publicKey: createPublicKey(authorityKey),
    signerKey: rootKey,
    extensions: [basicConstraints(true, 0), keyUsage([5, 6]), extendedKeyUsage([purposes.codeSigning])],
    ...long,
  });
  const stampRoot = makeRoot('CN=tsa root,O=testing', long);
  const stamper = makeTimestamper('CN=tsa,O=testing', stampRoot, long);
  const certificate: TestSigstore['certificate'] = (publicKey, wanted) =>
    issue(publicKey, { ...wanted, ...options.certificates }, authorityKey, ctKey);
  const fulcio = await listenHandler(
    jsonHandler((body) => answerFulcio(body, certificate, [intermediate, root], clock())),
    context,
  );
  const tree1 = new MerkleTree();
  const tree2 = new MerkleTree();
  const hosts = { rekor1: '', rekor2: '' };
  hosts.rekor1 = await listenHandler(
    jsonHandler((body) => answerRekor1(body, tree1, rekor1, hosts.rekor1, clock())),
    context,
  );
  hosts.rekor2 = await listenHandler(
    jsonHandler((body) => answerRekor2(body, tree2, rekor2, hosts.rekor2)),
    context,
  );
  const tsa = await listenHandler(timestampHandler(stamper, clock), context);
  return {
    fulcio: `http://${fulcio}`,
    rekor1: `http://${hosts.rekor1}`,
    rekor2: `http://${hosts.rekor2}`,
    tsa: `http://${tsa}`,
    keys: { rekor1, rekor2 },
    stamper,
    authority: { root, intermediate, key: authorityKey },
    certificate,
    token: (claims) =>
      ['{"alg":"none"}', JSON.stringify(claims), 'signature']
        .map((part) => Buffer.from(part).toString('base64url'))
        .join('.'),
    root(change) {
      const document: TrustedRootDocument = {
        mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
        tlogs: [logOf(`http://${hosts.rekor1}`, rekor1), logOf(`http://${hosts.rekor2}`, rekor2)],
        certificateAuthorities: [authorityOf(`http://${fulcio}`, [intermediate, root])],
        ctlogs: [logOf('http://ct.testing', ctKey)],
        timestampAuthorities: [authorityOf(`http://${tsa}`, [stamper.certificate, stampRoot.certificate])],
      };
      return JSON.stringify({ ...document, ...change?.(document) });
    },
  };
}

function logOf(baseUrl: string, key: KeyObject): Record<string, unknown> {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const id = logId(new URL(baseUrl).host, key).toString('base64');
  const keyDetails = key.asymmetricKeyType === 'ed25519' ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256';
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: spki.toString('base64'), keyDetails, validFor: { start } },
    logId: { keyId: id },
  };
}

function authorityOf(uri: string, chain: readonly Uint8Array[]): Record<string, unknown> {
  const certificates = chain.map((bytes) => ({ rawBytes: Buffer.from(bytes).toString('base64') }));
  return {
    subject: { organization: 'testing', commonName: 'testing' },
    uri,
    certChain: { certificates },
    validFor: { start },
  };
}

function issue(
  publicKey: KeyObject,
  options: CertificateOptions,
  signerKey: KeyObject,
  ctKey: KeyObject,
): Buffer {
  const { issuer, subject, at, usage = [purposes.codeSigning], sct = true } = options;
  const name = subject.includes('://') ? 0x86 : 0x81;
  const names = options.names ?? writeDer(0x30, writeDer(name, Buffer.from(subject)));
  const extensions = [
    keyUsage([0]),
    extendedKeyUsage(usage),
    extension('2.5.29.17', true, names),
    extension('1.3.6.1.4.1.57264.1.8', false, writeDer(0x0c, Buffer.from(issuer))),
  ];
  const parts = {
    subject: new Uint8Array(writeDer(0x30)),
    issuer: 'CN=intermediate,O=testing',
    publicKey,
    signerKey,
    notBefore: at - (at % 1000) - 1000,
    notAfter: at - (at % 1000) + 600_000,
    serial: Buffer.concat([Buffer.from([0x40]), randomBytes(15)]),
  };
  if (!sct) return makeCertificate({ ...parts, extensions });
  const { tbs } = parseCertificate(makeCertificate({ ...parts, extensions }));
  const list = certificateTimestamp(tbs, signerKey, ctKey, at);
  return makeCertificate({
    ...parts,
    extensions: [...extensions, extension('1.3.6.1.4.1.11129.2.4.2', false, writeDer(0x04, list))],
  });
}

/** SignedCertificateTimestampList of one (RFC 6962 sections 3.2 and 3.3). */
function certificateTimestamp(tbs: Buffer, issuerKey: KeyObject, ctKey: KeyObject, at: number): Buffer {
  const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at));
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const issuer = createHash('sha256').update(spki(issuerKey)).digest();
  const signature = sign(
    'sha256',
    Buffer.concat([Buffer.from([0, 0]), time, Buffer.from([0, 1]), issuer, length, tbs, Buffer.from([0, 0])]),
    ctKey,
  );
  const id = createHash('sha256').update(spki(ctKey)).digest();
  const sct = Buffer.concat([Buffer.from([0]), id, time, Buffer.from([0, 0, 4, 3]), block(signature)]);
  return block(block(sct));
}

function block(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}

type Json = Record<string, never>;

function answerFulcio(
  body: Json,
  certificate: TestSigstore['certificate'],
  chain: readonly Buffer[],
  at: number,
): unknown {
  const { credentials, publicKeyRequest } = body as unknown as {
    credentials: { oidcIdentityToken: string };
    publicKeyRequest: { publicKey: { content: string } };
  };
  const claims = JSON.parse(
    Buffer.from(credentials.oidcIdentityToken.split('.')[1]!, 'base64url').toString(),
  ) as { iss: string; sub?: string; email?: string };
  const leaf = certificate(createPublicKey(publicKeyRequest.publicKey.content), {
    issuer: claims.iss,
    subject: claims.email ?? claims.sub!,
    at,
  });
  return {
    signedCertificateEmbeddedSct: {
      chain: { certificates: [leaf, ...chain].map((raw) => certificatePem({ raw })) },
    },
  };
}

/** Rekor v1 keeps a `dsse` entry of what it is given, promises it and proves it. */
function answerRekor1(body: Json, tree: MerkleTree, key: KeyObject, host: string, at: number): unknown {
  const { spec } = body as unknown as {
    spec: { proposedContent: { envelope: string; verifiers: string[] } };
  };
  const envelope = JSON.parse(spec.proposedContent.envelope) as {
    payload: string;
    signatures: { sig: string }[];
  };
  const hex = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const entry = Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        envelopeHash: { algorithm: 'sha256', value: hex(spec.proposedContent.envelope) },
        payloadHash: { algorithm: 'sha256', value: hex(Buffer.from(envelope.payload, 'base64')) },
        signatures: [{ signature: envelope.signatures[0]!.sig, verifier: spec.proposedContent.verifiers[0] }],
      },
    }),
  );
  return { [hex(entry)]: promised(entry, tree, key, host, at) };
}

/** An entry as Rekor v1 answers it. */
export function promised(entry: Buffer, tree: MerkleTree, key: KeyObject, host: string, at: number) {
  const logIndex = tree.add(entry);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const said = {
    body: entry.toString('base64'),
    integratedTime: Math.floor(at / 1000),
    logID: createHash('sha256').update(spki).digest('hex'),
    logIndex,
  };
  const signedEntryTimestamp = sign('sha256', Buffer.from(JSON.stringify(said)), key).toString('base64');
  const inclusionProof = {
    logIndex,
    treeSize: tree.leaves.length,
    rootHash: tree.root().toString('hex'),
    hashes: tree.path(logIndex).map((hash) => hash.toString('hex')),
    checkpoint: checkpoint(tree, key, host),
  };
  return { ...said, verification: { signedEntryTimestamp, inclusionProof } };
}

/** Rekor v2 answers with the entry as a bundle keeps it. */
function answerRekor2(body: Json, tree: MerkleTree, key: KeyObject, host: string): unknown {
  const { hashedRekordRequestV002: request } = body as unknown as {
    hashedRekordRequestV002: { digest: string; signature: unknown };
  };
  const entry = Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.2',
      kind: 'hashedrekord',
      spec: {
        hashedRekordV002: {
          data: { algorithm: 'SHA2_256', digest: request.digest },
          signature: request.signature,
        },
      },
    }),
  );
  const index = tree.add(entry);
  return {
    logIndex: String(index),
    logId: { keyId: logId(host, key).toString('base64') },
    kindVersion: { kind: 'hashedrekord', version: '0.0.2' },
    integratedTime: '0',
    inclusionProof: {
      logIndex: String(index),
      treeSize: String(tree.leaves.length),
      rootHash: tree.root().toString('base64'),
      hashes: tree.path(index).map((hash) => hash.toString('base64')),
      checkpoint: { envelope: checkpoint(tree, key, host) },
    },
    canonicalizedBody: entry.toString('base64'),
  };
}

/** Of an Ed25519 key as signed notes have it, of others the hash of the key (rekor-v2-spec.md, RFC 6962 section 3.2). */
function logId(name: string, key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256');
  return key.asymmetricKeyType === 'ed25519'
    ? hash.update(`${name}\n\u0001`).update(spki.subarray(-32)).digest()
    : hash.update(spki).digest();
}

/** A signed note (C2SP signed-note): the key hint, then the signature. */
export function checkpoint(tree: MerkleTree, key: KeyObject, name: string): string {
  const text = `${name}\n${tree.leaves.length}\n${tree.root().toString('base64')}\n`;
  const isEd = key.asymmetricKeyType === 'ed25519';
  const hint = logId(name, key);
  const signature = sign(isEd ? null : 'sha256', Buffer.from(text), key);
  return `${text}\n\u2014 ${name} ${Buffer.concat([hint.subarray(0, 4), signature]).toString('base64')}\n`;
}

function jsonHandler(answer: (body: Json) => unknown): RequestListener {
  return async (request, response) => {
    try {
      const body = JSON.parse((await bodyOf(request)).toString('utf8')) as Json;
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer(body)));
    } catch (error) {
      response.writeHead(400).end((error as Error).message);
    }
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
