// A whole Sigstore for the length of a test: authority with certificate log, two transparency logs (Rekor v1 and v2) and a
// timestamp authority, over HTTP as the real ones, and the trusted root that names them.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { answerFulcio, type CertificateOptions, issue } from './fulcio.ts';
import { listenHandler } from './listen.ts';
import { MerkleTree } from './merkle.ts';
import { answerRekor1, answerRekor2, logId } from './rekor.ts';
import { makeTimestamper, timestampHandler } from './timestamps.ts';
import {
  basicConstraints,
  extendedKeyUsage,
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

export type Json = Record<string, never>;

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
