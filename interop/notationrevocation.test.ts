// Certificates that were revoked, by OCSP and by CRL, asked over HTTP: what notation-go refuses Seaworthy refuses, and
// the other way round.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createRegistry } from '../src/registry/index.ts';
import { listenApp } from '../src/testing/listen.ts';
import { type ChainOptions, makeChain } from '../src/testing/notation.ts';
import { crlOf, ocspAnswer, openRevocationServer } from '../src/testing/revocations.ts';
import { makeTimestamper, timestampToken } from '../src/testing/timestamps.ts';
import {
  basicConstraints,
  crlUrl,
  extendedKeyUsage,
  keyUsage,
  makeHolder,
  makeRoot,
  ocspUrl,
  purposes,
} from '../src/testing/x509.ts';
import { bothSay, newCase, sign, verify } from './notationcase.ts';
import { writeConfig } from './notationpeer.ts';

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
  const made = await newCase(await listenApp(createRegistry(), context));
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
  const made = await newCase(await listenApp(createRegistry(), context));
  writeConfig(made.folder, { 'ca:team': [chain[2]!], 'tsa:time': [root] });
  const now = Date.now();
  await sign(made, chain, { timestamp: async (signature) => timestampToken(tsa, signature, now) });
  server.answers['/tsa.crl'] = crlOf({ issuer: root });
  await bothSay(made, 'ok');
  server.answers['/tsa.crl'] = crlOf({ issuer: root, revoked: [tsa] });
  await bothSay(made, 'certificate-revoked', /timestamping certificate .* is revoked/);
});
