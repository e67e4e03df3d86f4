// Notation signatures both ways with notation-go, over registries with and without the referrers API; timestamps; and
// certificates that were revoked, by OCSP and by CRL: what one refuses the other refuses.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { isFault } from '../src/core/index.ts';
import { createClient, type HttpClient } from '../src/net/index.ts';
import { createRegistry } from '../src/registry/index.ts';
import { makeImage } from '../src/testing/images.ts';
import { listenApp, listenHandler } from '../src/testing/listen.ts';
import { type Chain, type ChainOptions, leafName, makeChain } from '../src/testing/notation.ts';
import { crlOf, ocspAnswer, openRevocationServer } from '../src/testing/revocations.ts';
import { makeTimestamper, timestampHandler, timestampToken } from '../src/testing/timestamps.ts';
import {
  basicConstraints,
  crlUrl,
  extendedKeyUsage,
  type KeyKind,
  keyUsage,
  makeHolder,
  makeRoot,
  ocspUrl,
  purposes,
} from '../src/testing/x509.ts';
import { anonymous, openRegistry, pushBlob, pushManifest } from '../src/transport/index.ts';
import { attach } from '../src/trust/attach.ts';
import { parseCertificate } from '../src/trust/certificate/index.ts';
import type { Answer, NotationAuthority, Subject } from '../src/trust/evidence/index.ts';
import { gather, type Place } from '../src/trust/gather.ts';
import {
  chainsToCheck,
  gatherRevocation,
  parseTrustPolicy,
  readTrustStores,
  type SignNotationOptions,
  signatureArtifactType,
  signNotation,
  verifyNotation,
} from '../src/trust/notation/index.ts';
import { peerSign, peerVerify, writeConfig } from './notationpeer.ts';
import { startRegistry } from './servers.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-notation-'));
const http: HttpClient = createClient({ env: {} });
/** What the whole suite needs ends with it. */
const endings: (() => unknown)[] = [];
const suite: Pick<TestContext, 'after'> = { after: (end) => void endings.push(end as () => unknown) };
let registry: { host: string; process: ChildProcess };
let hosts: Record<string, string> = {};

before(async () => {
  registry = await startRegistry(work);
  const own = await listenApp(createRegistry(), suite);
  hosts = { 'docker-registry': registry.host, 'the own registry': own };
});

after(async () => {
  registry.process.kill();
  for (const end of endings) await end();
  await http.close();
  rmSync(work, { recursive: true, force: true });
});

/** An image of its own in a registry, and a folder. */
interface Case {
  place: Place;
  subject: Subject;
  reference: string;
  scope: string;
  folder: string;
}

let count = 0;

async function newCase(host: string): Promise<Case> {
  count++;
  const image = makeImage({ labels: { number: String(count) } });
  const repository = `team/app${count}`;
  const place: Place = { registry: openRegistry(host, { http, credentials: anonymous }), repository };
  const { bytes, blobs } = image;
  const { mediaType, digest, size } = image.descriptor;
  for (const [name, blob] of blobs)
    await pushBlob(place.registry, repository, { digest: name, size: blob.length }, async function* () {
      yield blob;
    });
  await pushManifest(place.registry, repository, digest, bytes, mediaType);
  const scope = `${host}/${repository}`;
  return {
    place,
    subject: { mediaType, digest, size },
    reference: `${scope}@${digest}`,
    scope,
    folder: mkdtempSync(join(work, 'case-')),
  };
}

async function sign({ place, subject }: Case, chain: Chain, options: Partial<SignNotationOptions> = {}) {
  const { mediaType, payload, annotations } = await signNotation({
    subject,
    chain: chain.map(({ certificate }) => parseCertificate(certificate)),
    key: chain[0].key,
    format: 'jws',
    now: Date.now(),
    ...options,
  });
  await attach(place, subject, { artifactType: signatureArtifactType, mediaType, payload, annotations });
}

/** As `seaworthy verify` goes: gather, ask about revocation, judge. */
async function verify({ place, subject, scope, folder }: Case): Promise<Answer[]> {
  const trustPolicy = parseTrustPolicy(readFileSync(join(folder, 'trustpolicy.json'), 'utf8'));
  const trustStores = await readTrustStores(folder, trustPolicy);
  const authority: NotationAuthority = { kind: 'notation', name: 'team', trustPolicy, trustStores };
  const { evidence, unlisted } = await gather(place, subject.digest, {
    formats: ['notation'],
    predicateTypes: [],
  });
  assert.deepEqual(unlisted, []);
  const now = Date.now();
  const chains = evidence.flatMap((one) => chainsToCheck(one, subject, authority, scope, now));
  const revocation = await gatherRevocation(chains, http, undefined, now);
  return evidence.map((one) =>
    verifyNotation(one, subject, authority, scope, structuredClone(revocation), now),
  );
}

/** What both say of the one signature: `ok`, or our reason and something that notation-go's has in it. */
async function bothSay(made: Case, expected: 'ok' | string, theirs?: RegExp): Promise<Answer> {
  const [answer, ...more] = await verify(made);
  assert.ok(answer !== undefined && more.length === 0, 'expected one signature');
  assert.equal(answer.ok ? 'ok' : answer.code, expected, JSON.stringify(answer));
  const { code, said } = await peerVerify(made.reference, made.folder);
  assert.equal(code === 0, expected === 'ok', said);
  if (theirs !== undefined) assert.match(said, theirs);
  return answer;
}

const keys: KeyKind[] = ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096'];

for (const name of ['docker-registry', 'the own registry'])
  for (const format of ['jws', 'cose'] as const)
    for (const keyKind of keys)
      test(`${keyKind} as ${format} through ${name}: each verifies what the other signs`, async () => {
        const chain = makeChain({ leaf: { keyKind } });
        const theirs = await newCase(hosts[name]!);
        writeConfig(theirs.folder, { 'ca:team': [chain[2]!] });
        const signed = await peerSign(theirs.folder, theirs.reference, chain, {
          cose: format === 'cose',
          expiry: '1h',
        });
        assert.equal(signed.code, 0, signed.said);
        const answer = await bothSay(theirs, 'ok');
        assert.ok(answer.ok && answer.signer.kind === 'notation' && answer.signer.subject === leafName);
        const ours = await newCase(hosts[name]!);
        writeConfig(ours.folder, { 'ca:team': [chain[2]!] });
        await sign(ours, chain, {
          format,
          expiry: Date.now() + 3_600_000,
          agent: 'seaworthy',
          annotations: { a: 'b' },
        });
        await bothSay(ours, 'ok');
      });

for (const format of ['jws', 'cose'] as const)
  test(`timestamps in ${format}: each verifies the other's, also when the certificate ran out since`, async (context) => {
    const root = makeRoot('CN=time root,O=example.com,ST=WA,C=US');
    const tsa = makeTimestamper('CN=time,O=example.com,ST=WA,C=US', root);
    const host = await listenHandler(timestampHandler(tsa), context);
    const chain = makeChain();
    const theirs = await newCase(hosts['the own registry']!);
    writeConfig(theirs.folder, { 'ca:team': [chain[2]!], 'tsa:time': [root] });
    const cose = format === 'cose';
    const signed = await peerSign(theirs.folder, theirs.reference, chain, {
      cose,
      tsa: { url: `http://${host}`, root },
    });
    assert.equal(signed.code, 0, signed.said);
    const answer = await bothSay(theirs, 'ok');
    assert.ok(answer.ok && answer.times.length === 1 && Math.abs(answer.times[0]! - Date.now()) < 60_000);

    const then = Date.now() - 30 * 60_000;
    const short = { notBefore: then - 60_000, notAfter: then + 60_000 };
    const ended = makeChain({ leaf: short });
    const ours = await newCase(hosts['docker-registry']!);
    writeConfig(ours.folder, { 'ca:team': [ended[2]!], 'tsa:time': [root] });
    await sign(ours, ended, {
      format,
      now: then,
      timestamp: async (signature) => timestampToken(tsa, signature, then, { accuracy: 1000 }),
    });
    await bothSay(ours, 'ok');
    writeConfig(ours.folder, { 'ca:team': [ended[2]!] });
    await bothSay(ours, 'certificate-expired', /after certificate/);

    const late = await newCase(hosts['docker-registry']!);
    writeConfig(late.folder, { 'ca:team': [ended[2]!], 'tsa:time': [root] });
    await sign(late, ended, {
      format,
      now: then,
      timestamp: async (signature) => timestampToken(tsa, signature, then + 59_000, { accuracy: 2000 }),
    });
    await bothSay(late, 'certificate-expired', /timestamp can be after certificate/);
    writeConfig(late.folder, { 'ca:team': [ended[2]!], 'tsa:time': [makeRoot('CN=other')] });
    await bothSay(late, 'timestamp-wrong', /failed to verify the timestamp/);
  });

/** A chain whose leaf and issuer say where to ask about them. */
async function revocable(context: TestContext, which: { ocsp: boolean; crl: boolean }) {
  const server = await openRevocationServer(context);
  const pointers = (of: string) => [
    ...(which.ocsp ? [ocspUrl(`${server.url}/${of}-ocsp`)] : []),
    ...(which.crl ? [crlUrl(`${server.url}/${of}.crl`)] : []),
  ];
  const options: ChainOptions = {
    leaf: { extensions: [keyUsage([0]), extendedKeyUsage([purposes.codeSigning]), ...pointers('leaf')] },
    intermediate: { extensions: [basicConstraints(true, 0), keyUsage([5, 6]), ...pointers('issuer')] },
  };
  const chain = makeChain(options);
  const [leaf, issuer, root] = [chain[0], chain[1]!, chain[2]!];
  server.answers['/leaf-ocsp'] = () => ocspAnswer({ issuer, certificate: leaf.certificate });
  server.answers['/issuer-ocsp'] = () => ocspAnswer({ issuer: root, certificate: issuer.certificate });
  server.answers['/leaf.crl'] = crlOf({ issuer });
  server.answers['/issuer.crl'] = crlOf({ issuer: root });
  const made = await newCase(hosts['the own registry']!);
  writeConfig(made.folder, { 'ca:team': [root] });
  await sign(made, chain, { format: 'cose' });
  return { server, leaf, issuer, root, made };
}

test('a certificate that a responder calls revoked is refused by both, of the leaf and of its issuer', async (context) => {
  const { server, leaf, issuer, root, made } = await revocable(context, { ocsp: true, crl: false });
  await bothSay(made, 'ok');
  server.answers['/leaf-ocsp'] = () =>
    ocspAnswer({ issuer, certificate: leaf.certificate, state: 'revoked' });
  await bothSay(made, 'certificate-revoked', /is revoked/);
  server.answers['/leaf-ocsp'] = () => ocspAnswer({ issuer, certificate: leaf.certificate });
  server.answers['/issuer-ocsp'] = () =>
    ocspAnswer({ issuer: root, certificate: issuer.certificate, state: 'revoked' });
  await bothSay(made, 'certificate-revoked', /is revoked/);
});

test('a certificate on a list is refused by both, of the leaf and of its issuer', async (context) => {
  const { server, leaf, issuer, root, made } = await revocable(context, { ocsp: false, crl: true });
  await bothSay(made, 'ok');
  server.answers['/leaf.crl'] = crlOf({ issuer, revoked: [{ certificate: leaf.certificate, reason: 1 }] });
  await bothSay(made, 'certificate-revoked', /is revoked/);
  server.answers['/leaf.crl'] = crlOf({ issuer });
  server.answers['/issuer.crl'] = crlOf({ issuer: root, revoked: [{ certificate: issuer.certificate }] });
  await bothSay(made, 'certificate-revoked', /is revoked/);
});

test('where the responder fails the list decides, for both', async (context) => {
  const { server, leaf, issuer, made } = await revocable(context, { ocsp: true, crl: true });
  server.answers['/leaf-ocsp'] = 500;
  await bothSay(made, 'ok');
  server.answers['/leaf-ocsp'] = () =>
    ocspAnswer({ issuer, certificate: leaf.certificate, state: 'unknown' });
  await bothSay(made, 'ok');
  server.answers['/leaf.crl'] = crlOf({ issuer, revoked: [{ certificate: leaf.certificate }] });
  await bothSay(made, 'certificate-revoked', /is revoked/);
});

test('answers of strangers, old ones and none leave it unknown for both; permissive only logs that', async (context) => {
  const { server, leaf, issuer, root, made } = await revocable(context, { ocsp: true, crl: false });
  const certificate = leaf.certificate;
  for (const answer of [
    () => ocspAnswer({ issuer, certificate, signer: makeRoot('CN=stranger') }),
    () => ocspAnswer({ issuer, certificate, nextUpdate: Date.now() - 60_000 }),
    () => ocspAnswer({ issuer, certificate, state: 'unknown' }),
    503,
  ]) {
    server.answers['/leaf-ocsp'] = answer;
    await bothSay(made, 'revocation-unknown', /revocation status is unknown/);
  }
  writeConfig(made.folder, { 'ca:team': [root] }, { signatureVerification: { level: 'permissive' } });
  const answer = await bothSay(made, 'ok', /log revocation/);
  assert.ok(answer.ok && /^revocation: /.test(answer.warnings!.join()));
});

test('another identity, another root, an expired signature and a policy for elsewhere are refused by both', async () => {
  const chain = makeChain();
  const made = await newCase(hosts['the own registry']!);
  const now = Date.now();
  await sign(made, chain);
  const stores = { 'ca:team': [chain[2]!] };
  writeConfig(made.folder, stores, { trustedIdentities: ['x509.subject: C=US, ST=WA, O=example.co'] });
  await bothSay(made, 'identity-other', /does not match the X.509 trusted identities/);
  writeConfig(made.folder, { 'ca:team': [makeChain()[2]!] });
  await bothSay(made, 'certificate-untrusted', /does not contain any trusted certificate/);
  writeConfig(made.folder, stores, { registryScopes: ['registry.example.com/other'] });
  await bothSay(made, 'scope-none', /no applicable trust policy/);
  const old = await newCase(hosts['the own registry']!);
  await sign(old, chain, { now: now - 60_000, expiry: now - 1000 });
  writeConfig(old.folder, stores);
  await bothSay(old, 'signature-expired', /has expired/);
});

test('a signature of one image beside another is refused by both', async () => {
  const chain = makeChain();
  const made = await newCase(hosts['the own registry']!);
  const other = await newCase(hosts['the own registry']!);
  writeConfig(made.folder, { 'ca:team': [chain[2]!] });
  const { mediaType, payload, annotations } = await signNotation({
    subject: other.subject,
    chain: chain.map(({ certificate }) => parseCertificate(certificate)),
    key: chain[0].key,
    format: 'jws',
    now: Date.now(),
  });
  await attach(made.place, made.subject, {
    artifactType: signatureArtifactType,
    mediaType,
    payload,
    annotations,
  });
  await bothSay(made, 'digest-other', /content descriptor mismatch/);
});

test('a delegate that the issuer named answers for it, and a delegate of a stranger does not, for both', async (context) => {
  const { server, leaf, issuer, made } = await revocable(context, { ocsp: true, crl: false });
  const purpose = extendedKeyUsage([purposes.ocspSigning]);
  const certificate = leaf.certificate;
  const delegate = makeHolder('CN=responder', issuer, { extensions: [keyUsage([0]), purpose] });
  for (const byKey of [true, false]) {
    server.answers['/leaf-ocsp'] = () => ocspAnswer({ issuer, certificate, delegate, byKey });
    await bothSay(made, 'ok');
    server.answers['/leaf-ocsp'] = () =>
      ocspAnswer({ issuer, certificate, delegate, byKey, state: 'revoked' });
    await bothSay(made, 'certificate-revoked', /is revoked/);
  }
  const strangers = makeHolder('CN=responder', makeRoot('CN=stranger'), { extensions: [purpose] });
  server.answers['/leaf-ocsp'] = () => ocspAnswer({ issuer, certificate, delegate: strangers });
  await bothSay(made, 'revocation-unknown', /revocation status is unknown/);
  // notation-go lets any certificate of the issuer answer; RFC 6960 section 4.2.2.2 wants the purpose
  const other = makeHolder('CN=responder', issuer, { extensions: [keyUsage([0])] });
  server.answers['/leaf-ocsp'] = () => ocspAnswer({ issuer, certificate, delegate: other });
  const [answer] = await verify(made);
  assert.equal(answer?.ok === false && answer.code, 'revocation-unknown');
});
  server.answers['/leaf-ocsp'] = () => ocspAnswer({ issuer, certificate, delegate: other });
  await bothSay(made, 'revocation-unknown', /revocation status is unknown/);
});

test('a revoked authority of timestamps is refused by both', async (context) => {
  const server = await openRevocationServer(context);
  const root = makeRoot('CN=time root,O=example.com,ST=WA,C=US');
  const tsa = makeTimestamper('CN=time', root, {
    extensions: [
      keyUsage([0]),
      extendedKeyUsage([purposes.timeStamping], true),
      crlUrl(`${server.url}/tsa.crl`),
    ],
  });
  const chain = makeChain();
  const made = await newCase(hosts['the own registry']!);
  writeConfig(made.folder, { 'ca:team': [chain[2]!], 'tsa:time': [root] });
  const now = Date.now();
  await sign(made, chain, { timestamp: async (signature) => timestampToken(tsa, signature, now) });
  server.answers['/tsa.crl'] = crlOf({ issuer: root });
  await bothSay(made, 'ok');
  server.answers['/tsa.crl'] = crlOf({ issuer: root, revoked: [tsa] });
  await bothSay(made, 'certificate-revoked', /timestamping certificate .* is revoked/);
});

test('trust policies that the specification forbids are refused by both', async () => {
  const chain = makeChain();
  const made = await newCase(hosts['the own registry']!);
  await sign(made, chain);
  for (const policy of [
    { registryScopes: ['registry.example.com/*'] },
    { registryScopes: ['*', 'registry.example.com/a'] },
    { trustStores: ['ca:../team'] },
    { trustedIdentities: ['x509.subject: C=US, O=example.com'] },
    { trustedIdentities: ['*', 'x509.subject: C=US, ST=WA, O=example.com'] },
    { trustedIdentities: ['x509.subject: C=US, ST=WA, O=a+OU=b'] },
    {
      trustedIdentities: ['x509.subject: C=US, ST=WA, O=a', 'x509.subject: C=US, ST=WA, O=a, CN=b'],
    },
    { signatureVerification: { level: 'strict', override: { integrity: 'log' } } },
    { signatureVerification: { level: 'strict', override: { expiry: 'skip' } } },
    { signatureVerification: { level: 'skip' } },
  ]) {
    writeConfig(made.folder, { 'ca:team': [chain[2]!] }, policy);
    const text = readFileSync(join(made.folder, 'trustpolicy.json'), 'utf8');
    assert.throws(() => parseTrustPolicy(text), isFault, JSON.stringify(policy));
    const { code, said } = await peerVerify(made.reference, made.folder);
    assert.notEqual(code, 0, `${JSON.stringify(policy)}: ${said}`);
  }
});

test('one right signature among wrong ones is found by both', async () => {
  const chain = makeChain();
  const made = await newCase(hosts['docker-registry']!);
  writeConfig(made.folder, { 'ca:team': [chain[2]!] });
  await sign(made, makeChain());
  await sign(made, chain, { format: 'cose' });
  await sign(made, makeChain());
  const answers = await verify(made);
  assert.deepEqual(answers.map(({ ok }) => ok).sort(), [false, false, true]);
  const { code, said } = await peerVerify(made.reference, made.folder);
  assert.equal(code, 0, said);
});
