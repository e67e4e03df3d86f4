// Both ways with sigstore-js: what it signs against its own stand-ins for Fulcio and Rekor v1 (no server of that log
// runs here) we verify, and what we sign with Rekor v1 and v2 it verifies.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { makeStatement } from '../src/image/index.ts';
import {
  bundleEvidence,
  image,
  issuer,
  keylessAuthority,
  person,
  startBench,
} from '../src/testing/bundles.ts';
import { listenHandler } from '../src/testing/listen.ts';
import type { Answer } from '../src/trust/evidence/index.ts';
import { parseTrustedRoot } from '../src/trust/root/index.ts';
import { bundleType, verifySigstore } from '../src/trust/sigstore/index.ts';
import { peers, sh } from './peers.ts';

const folder = join(peers, 'sigstore-js');
// biome-ignore lint/suspicious/noExplicitAny: libraries of another folder, without their types
let load: (name: string) => any;

before(() => {
  const packages = ['bundle@5.0.1', 'mock@0.13.0', 'protobuf-specs@0.5.2', 'sign@5.1.0', 'verify@4.1.3'];
  if (!packages.every((name) => existsSync(join(folder, 'node_modules/@sigstore', name.split('@')[0]!))))
    sh(`mkdir -p "${folder}"; cd "${folder}"; [ -f package.json ] || npm init -y >/dev/null
      npm install --ignore-scripts --no-audit --no-fund ${packages.map((name) => `@sigstore/${name}`).join(' ')} >&2`);
  load = createRequire(join(folder, 'package.json'));
});

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const base64 = (bytes: ArrayBufferView | Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
const validFor = { start: '2020-01-01T00:00:00Z' };

function code(answer: Answer): string {
  return answer.ok ? 'verified' : `${answer.code}: ${answer.message}`;
}

/** sigstore-js's stand-ins over HTTP, and the trusted root that names them. */
async function standIns(context: Parameters<typeof listenHandler>[1]) {
  const { fulcioHandler, rekorHandler, initializeCA, initializeCTLog, initializeTLog } =
    load('@sigstore/mock');
  const ctLog = await initializeCTLog(keyPair());
  const authority = await initializeCA(keyPair(), ctLog);
  const serve = (
    made: () => {
      path: string;
      fn(body: string): Promise<{ statusCode: number; response: string; contentType?: string }>;
    },
  ) =>
    listenHandler(async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const { statusCode, response: body, contentType } = await made().fn(Buffer.concat(pieces).toString());
      response.writeHead(statusCode, { 'content-type': contentType ?? 'text/plain' }).end(body);
    }, context);
  const fulcio = await serve(() => fulcioHandler(authority));
  // biome-ignore lint/suspicious/noExplicitAny: made once the port is known
  let log: any;
  const rekor = await serve(() => rekorHandler(log));
  log = await initializeTLog(`http://${rekor}`, keyPair());
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    certificateAuthorities: [
      {
        subject: {},
        uri: '',
        certChain: { certificates: [{ rawBytes: base64(authority.rootCertificate) }] },
        validFor,
      },
    ],
    ctlogs: [logOf('', ctLog.publicKey)],
    tlogs: [logOf(`http://${rekor}`, log.publicKey)],
    timestampAuthorities: [],
  };
  return {
    fulcio: `http://${fulcio}`,
    rekor: `http://${rekor}`,
    root: parseTrustedRoot(JSON.stringify(root)),
  };
}

function logOf(baseUrl: string, spki: Buffer) {
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: spki.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
    logId: { keyId: createHash('sha256').update(spki).digest('base64') },
  };
}

const token = ['{"alg":"none"}', JSON.stringify({ iss: issuer, sub: person }), 'x']
  .map((part) => Buffer.from(part).toString('base64url'))
  .join('.');

test('what sigstore-js attests with Rekor v1 we verify, by its identity alone', async (context) => {
  const { fulcio, rekor, root } = await standIns(context);
  const { DSSEBundleBuilder, FulcioSigner, RekorWitness } = load('@sigstore/sign');
  const builder = new DSSEBundleBuilder({
    signer: new FulcioSigner({ fulcioBaseURL: fulcio, identityProvider: { getToken: async () => token } }),
    witnesses: [new RekorWitness({ rekorBaseURL: rekor, entryType: 'intoto' })],
  });
  const data = makeStatement('app', image.digest, 'https://slsa.dev/provenance/v1', {});
  const bundle = await builder.create({ data, type: 'application/vnd.in-toto+json' });
  const document = load('@sigstore/bundle').bundleToJSON(bundle);
  const material = { subject: image, root, now: Date.now() };
  const answer = verifySigstore(bundleEvidence(document), keylessAuthority(), material);
  assert.equal(code(answer), 'verified');
  assert.ok(answer.ok && answer.times.length === 1);
  const stranger = keylessAuthority({
    identities: [{ issuer: { exact: issuer }, subject: { exact: 'other@example.com' } }],
  });
  assert.match(code(verifySigstore(bundleEvidence(document), stranger, material)), /^identity-other/);
});

test('what sigstore-js signs as a message, with a hashedrekord entry of Rekor v1, we verify for that manifest', async (context) => {
  const { fulcio, rekor, root } = await standIns(context);
  const { FulcioSigner, MessageSignatureBundleBuilder, RekorWitness } = load('@sigstore/sign');
  const builder = new MessageSignatureBundleBuilder({
    signer: new FulcioSigner({ fulcioBaseURL: fulcio, identityProvider: { getToken: async () => token } }),
    witnesses: [new RekorWitness({ rekorBaseURL: rekor })],
  });
  const manifest = Buffer.from('{"schemaVersion":2}');
  const older = load('@sigstore/bundle').bundleToJSON(await builder.create({ data: manifest }));
  // it writes version 0.2 here, which holds the certificate in a chain of one
  const { x509CertificateChain, ...proofs } = older.verificationMaterial;
  const verificationMaterial = { ...proofs, certificate: x509CertificateChain.certificates[0] };
  const document = { ...older, mediaType: bundleType, verificationMaterial };
  const material = { subject: image, manifest, root, now: Date.now() };
  assert.equal(code(verifySigstore(bundleEvidence(document), keylessAuthority(), material)), 'verified');
  const other = { ...material, manifest: Buffer.from('{}') };
  assert.match(code(verifySigstore(bundleEvidence(document), keylessAuthority(), other)), /^log-entry-other/);
});

for (const log of [1, 2] as const)
  test(`what we sign with Rekor v${log} sigstore-js verifies`, async (context) => {
    const bench = await startBench(context);
    const { Verifier, toSignedEntity, toTrustMaterial } = load('@sigstore/verify');
    const { bundleFromJSON } = load('@sigstore/bundle');
    const { TrustedRoot } = load('@sigstore/protobuf-specs');
    const material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(bench.sigstore.root())));
    const document = await bench.keyless({ log, timestamp: log === 2 });
    const wanted = { subjectAlternativeName: `^${person}$`, extensions: { issuer } };
    new Verifier(material, { tsaThreshold: log === 2 ? 1 : 0 }).verify(
      toSignedEntity(bundleFromJSON(document)),
      wanted,
    );
    assert.equal(
      code(verifySigstore(bundleEvidence(document), keylessAuthority(), bench.material())),
      'verified',
    );
  });
