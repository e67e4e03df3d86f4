// Notation signatures both ways with notation-go, over registries with and without the referrers API, and timestamps:
// what one refuses the other refuses.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { isFault } from '../src/core/index.ts';
import { createRegistry } from '../src/registry/index.ts';
import { listenApp, listenHandler } from '../src/testing/listen.ts';
import { leafName, makeChain } from '../src/testing/notation.ts';
import { makeTimestamper, timestampHandler, timestampToken } from '../src/testing/timestamps.ts';
import { type KeyKind, makeRoot } from '../src/testing/x509.ts';
import { attach } from '../src/trust/attach.ts';
import { parseCertificate } from '../src/trust/certificate/index.ts';
import { parseTrustPolicy, signatureArtifactType, signNotation } from '../src/trust/notation/index.ts';
import { bothSay, newCase, sign, verify, work } from './notationcase.ts';
import { peerSign, peerVerify, writeConfig } from './notationpeer.ts';
import { startRegistry } from './servers.ts';

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
});

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
