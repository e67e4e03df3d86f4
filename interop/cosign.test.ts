// Signatures both ways with cosign 2 and cosign 3, with keys and without, on three registries: what they sign we
// verify, what we sign they verify, and each refuses what the other refuses.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cosign, keyless, password } from './cosign.ts';
import { type Ran, seaworthy } from './seaworthy.ts';
import { startRegistry } from './servers.ts';
import { pushed } from './sigstore/pushed.ts';
import {
  type Fulcio,
  type Issuer,
  type Registry,
  type Rekor,
  startFulcio,
  startGgcrRegistry,
  startIssuer,
  startOwnRegistry,
  startRekorTiles,
  startTimestampAuthority,
  type TimestampAuthority,
} from './trustservers.ts';

process.env['SEAWORTHY_PASSWORD'] = password;
const work = mkdtempSync(join(tmpdir(), 'seaworthy-cosign-'));
const cosign2 = cosign(2, work);
const cosign3 = cosign(3, work);
const one = 'one@example.com';
let issuer: Issuer;
let fulcio: Fulcio;
let rekor: Rekor;
let timestamps: TimestampAuthority;
/** Of a timestamp authority that nobody used. */
let goneChain: string[];
let ggcr: Registry;
let own: Registry;
let docker: { host: string; process: ChildProcess };
let registries: [name: string, host: string][];

before(async () => {
  const gone = await startTimestampAuthority();
  goneChain = gone.chain;
  await gone.stop();
  issuer = await startIssuer();
  [fulcio, rekor, timestamps, ggcr, own, docker] = await Promise.all([
    startFulcio({ issuers: [issuer] }),
    startRekorTiles(),
    startTimestampAuthority(),
    startGgcrRegistry({ referrers: true }),
    startOwnRegistry(),
    startRegistry(work),
  ]);
  registries = [
    ['go-containerregistry', ggcr.host],
    ['docker-registry', docker.host],
    ['ours', own.host],
  ];
});

after(async () => {
  docker.process.kill();
  await Promise.all([issuer, fulcio, rekor, timestamps, ggcr, own].map((server) => server.stop()));
  await rm(work, { recursive: true, force: true });
});

const by = () => keyless(work, { fulcio, rekor, timestamps }, issuer);
const token = (email = one) => issuer.token({ subject: email, email });

const provenance = {
  buildDefinition: { buildType: 'https://example.com/build/v1', externalParameters: {} },
  runDetails: { builder: { id: 'https://example.com/builder' } },
};

/** Runs seaworthy and asks for its exit code. */
function ours(code: number, ...args: string[]): Ran {
  const ran = seaworthy(...args);
  assert.equal(ran.code, code, `seaworthy ${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
  return ran;
}

function file(name: string, text: string): string {
  const path = join(mkdtempSync(join(work, 'file-')), name);
  writeFileSync(path, text);
  return path;
}

test('what cosign 2 signs with a key we verify, and only with that key and for that image', () => {
  const { key, pub } = cosign2.keys();
  const other = cosign2.keys().pub;
  for (const [name, host] of registries) {
    const reference = pushed(work, host, 'two/keyed');
    cosign2.must('sign', `--key=${key}`, '--tlog-upload=false', reference);
    assert.match(ours(0, 'verify', reference, '--key', pub).stdout, /verified/i, name);
    assert.match(ours(1, 'verify', reference, '--key', other).stdout, /trusted key/, name);
    ours(1, 'verify', pushed(work, host, 'two/keyed'), '--key', pub);
    ours(1, 'verify', reference, '--key', pub, '--log', '--trust-root', by().root);
  }
});

test('the timestamp that cosign 2 puts beside its signature is the one that we ask for', () => {
  const { key, pub } = cosign2.keys();
  const stamp = `--timestamp-server-url=${timestamps.url}/api/v1/timestamp`;
  const reference = pushed(work, docker.host, 'two/stamped');
  cosign2.must('sign', `--key=${key}`, '--tlog-upload=false', stamp, reference);
  ours(0, 'verify', reference, '--key', pub, '--timestamp', '--trust-root', by().root);
  const strange = keyless(work, { fulcio, rekor }, issuer).root;
  ours(1, 'verify', reference, '--key', pub, '--timestamp', '--trust-root', strange);
});

test('what cosign 2 attests with a key we verify, by its type', () => {
  const { key, pub } = cosign2.keys();
  const predicate = file('p.json', JSON.stringify(provenance));
  for (const [name, host] of registries) {
    const reference = pushed(work, host, 'two/attested');
    const what = ['--type=slsaprovenance1', `--predicate=${predicate}`];
    cosign2.must('attest', `--key=${key}`, '--tlog-upload=false', ...what, reference);
    ours(0, 'verify', reference, '--key', pub, '--type', 'slsaprovenance1');
    ours(1, 'verify', reference, '--key', pub, '--type', 'spdx');
    assert.equal(
      ours(1, 'verify', reference, '--key', pub).code,
      1,
      `${name}: an attestation is no signature`,
    );
  }
});

test('what cosign 3 signs with a key we verify, without a log and with one', () => {
  const { key, pub } = cosign3.keys();
  const other = cosign3.keys().pub;
  const nobody = keyless(work, {}, issuer);
  for (const [, host] of registries) {
    const plain = pushed(work, host, 'three/keyed');
    cosign3.must('sign', `--key=${key}`, `--signing-config=${nobody.config}`, plain);
    ours(0, 'verify', plain, '--key', pub);
    ours(1, 'verify', plain, '--key', other);
    ours(1, 'verify', plain, '--key', pub, '--log', '--trust-root', by().root);
    const logged = pushed(work, host, 'three/keyed');
    cosign3.must(
      'sign',
      `--key=${key}`,
      `--signing-config=${by().config}`,
      `--trusted-root=${by().root}`,
      logged,
    );
    ours(0, 'verify', logged, '--key', pub, '--log', '--timestamp', '--trust-root', by().root);
  }
});

test('what cosign 3 signs without a key we verify, by identity and issuer, both whole', () => {
  for (const [, host] of registries) {
    const reference = pushed(work, host, 'three/keyless');
    cosign3.must('sign', ...by().sign(token()), reference);
    const verify = (code: number, identity: string, from: string, root = by().root) =>
      ours(code, 'verify', reference, '--identity', identity, '--issuer', from, '--trust-root', root);
    verify(0, one, issuer.url);
    verify(0, '*@example.com', issuer.url);
    for (const [identity, from] of [
      ['two@example.com', issuer.url],
      ['ne@example.com', issuer.url],
      ['one@example.co', issuer.url],
      ['one@example.com.evil.test', issuer.url],
      [one, `${issuer.url}0`],
      [one, issuer.url.slice(0, -1)],
    ] as const)
      assert.match(verify(1, identity, from).stdout, /expected/);
    const { key, pub } = cosign3.keys();
    assert.ok(key);
    ours(1, 'verify', reference, '--key', pub);
  }
});

test('each server that is missing from the trust root is missed for its own reason', async () => {
  const reference = pushed(work, ggcr.host, 'three/roots');
  cosign3.must('sign', ...by().sign(token()), reference);
  const strangers = await Promise.all([startFulcio({ issuers: [issuer] }), startRekorTiles()]);
  try {
    const [fulcio2, rekor2] = strangers;
    for (const [servers, reason] of [
      [{ fulcio: fulcio2, rekor, timestamps }, 'certificate-untrusted'],
      [{ fulcio: { ...fulcio, certificateLog: fulcio2.certificateLog }, rekor, timestamps }, 'sct-missing'],
      [{ fulcio, rekor: { ...rekor, publicKey: rekor2.publicKey }, timestamps }, 'log-missing'],
      [{ fulcio, timestamps }, 'log-missing'],
      [{ fulcio, rekor, timestamps: { ...timestamps, chain: goneChain } }, 'timestamp-wrong'],
      [{ fulcio, rekor }, 'timestamp-wrong'],
    ] as const) {
      const { root, verify } = keyless(work, servers, issuer);
      const args = ['--identity', one, '--issuer', issuer.url, '--trust-root', root];
      assert.match(ours(1, 'verify', reference, ...args).stdout, new RegExp(`\\(${reason}\\)`));
      assert.notEqual(cosign3.run('verify', ...verify(one), reference).code, 0, reason);
    }
  } finally {
    await Promise.all(strangers.map((server) => server.stop()));
  }
});

test('what we sign with a key cosign 3 verifies, and a key of ours is a key of cosign', () => {
  const prefix = join(mkdtempSync(join(work, 'ours-')), 'build');
  ours(0, 'keys', 'generate', '--output-prefix', prefix);
  const [key, pub] = [`${prefix}.key`, `${prefix}.pub`];
  for (const [, host] of registries) {
    const reference = pushed(work, host, 'ours/keyed');
    ours(0, 'sign', reference, '--key', key);
    ours(0, 'verify', reference, '--key', pub);
    cosign3.must('verify', `--key=${pub}`, '--insecure-ignore-tlog=true', reference);
    const other = cosign3.run(
      'verify',
      `--key=${cosign3.keys().pub}`,
      '--insecure-ignore-tlog=true',
      reference,
    );
    assert.notEqual(other.code, 0);
    const theirs = pushed(work, host, 'ours/keyed');
    cosign2.must('sign', `--key=${key}`, '--tlog-upload=false', theirs);
    ours(0, 'verify', theirs, '--key', pub);
  }
  const foreign = cosign3.keys();
  const reference = pushed(work, own.host, 'ours/foreign');
  ours(0, 'sign', reference, '--key', foreign.key);
  cosign3.must('verify', `--key=${foreign.pub}`, '--insecure-ignore-tlog=true', reference);
});

test('what we sign without a key cosign 3 verifies', () => {
  for (const [, host] of registries) {
    const reference = pushed(work, host, 'ours/keyless');
    const { root, verify } = by();
    ours(0, 'sign', reference, ...keylessArgs());
    ours(0, 'verify', reference, '--identity', one, '--issuer', issuer.url, '--trust-root', root);
    cosign3.must('verify', ...verify(one), reference);
    assert.notEqual(cosign3.run('verify', ...verify('two@example.com'), reference).code, 0);
  }
});

test('what we attest cosign 3 verifies, with a key and without', () => {
  const { key, pub } = cosign3.keys();
  const predicate = file('p.json', JSON.stringify(provenance));
  const what = ['--type', 'slsaprovenance1', '--predicate', predicate];
  for (const [, host] of registries) {
    const keyed = pushed(work, host, 'ours/attested');
    ours(0, 'attest', keyed, ...what, '--key', key);
    const type = '--type=slsaprovenance1';
    cosign3.must('verify-attestation', type, `--key=${pub}`, '--insecure-ignore-tlog=true', keyed);
    const unkeyed = pushed(work, host, 'ours/attested');
    ours(0, 'attest', unkeyed, ...what, ...keylessArgs());
    cosign3.must('verify-attestation', type, ...by().verify(one), unkeyed);
    assert.notEqual(cosign3.run('verify-attestation', '--type=spdx', ...by().verify(one), unkeyed).code, 0);
  }
});

test('what we sign and attest cosign 2 verifies, with a key and without', () => {
  const { key, pub } = cosign3.keys();
  const predicate = file('p2.json', JSON.stringify(provenance));
  const type = '--type=slsaprovenance1';
  const { root, verify } = by();
  const keyed = [
    '--new-bundle-format',
    `--trusted-root=${root}`,
    `--key=${pub}`,
    '--insecure-ignore-tlog=true',
  ];
  const unkeyed = ['--new-bundle-format', ...verify(one), '--use-signed-timestamps'];
  for (const [, host] of registries) {
    const reference = pushed(work, host, 'ours/two');
    assert.notEqual(cosign2.run('verify', ...keyed, reference).code, 0);
    ours(0, 'sign', reference, '--key', key);
    ours(0, 'attest', reference, '--type', 'slsaprovenance1', '--predicate', predicate, '--key', key);
    cosign2.must('verify', ...keyed, reference);
    cosign2.must('verify-attestation', type, ...keyed, reference);
    const another = pushed(work, host, 'ours/two');
    ours(0, 'sign', another, ...keylessArgs());
    ours(0, 'attest', another, '--type', 'slsaprovenance1', '--predicate', predicate, ...keylessArgs());
    cosign2.must('verify', ...unkeyed, another);
    cosign2.must('verify-attestation', type, ...unkeyed, another);
    assert.notEqual(
      cosign2.run(
        'verify',
        '--new-bundle-format',
        ...verify('two@example.com'),
        '--use-signed-timestamps',
        another,
      ).code,
      0,
    );
  }
});

test('an index is signed as itself, and its platforms only when asked', () => {
  const { key, pub } = cosign3.keys();
  const index = pushed(work, ggcr.host, 'ours/index', 2);
  ours(0, 'sign', index, '--key', key);
  cosign3.must('verify', `--key=${pub}`, '--insecure-ignore-tlog=true', index);
  const deep = pushed(work, ggcr.host, 'three/index', 2);
  const nobody = keyless(work, {}, issuer);
  cosign3.must('sign', '--recursive', `--key=${key}`, `--signing-config=${nobody.config}`, deep);
  ours(0, 'verify', deep, '--key', pub);
});

function keylessArgs(): string[] {
  return [
    '--identity-token',
    file('token', token()),
    '--fulcio-url',
    fulcio.url,
    '--rekor-url',
    rekor.url,
    '--rekor-version',
    '2',
    '--timestamp-url',
    `${timestamps.url}/api/v1/timestamp`,
  ];
}
