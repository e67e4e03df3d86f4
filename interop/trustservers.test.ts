// The servers of keyless signing are real enough for cosign itself: it signs with them and verifies by their trusted
// root, on a registry with referrers and on one without.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cosign, keyless } from './cosign.ts';
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
  startRekorTiles,
  startTimestampAuthority,
  type TimestampAuthority,
  trustedRootOf,
} from './trustservers.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-trustservers-'));
const cosign2 = cosign(2, work);
const cosign3 = cosign(3, work);
let people: Issuer;
let jobs: Issuer;
let fulcio: Fulcio;
let rekor: Rekor;
let timestamps: TimestampAuthority;
let ggcr: Registry;
let docker: { host: string; process: ChildProcess };

before(async () => {
  [people, jobs] = await Promise.all([startIssuer('email'), startIssuer('uri')]);
  [fulcio, rekor, timestamps, ggcr, docker] = await Promise.all([
    startFulcio({ issuers: [people, jobs] }),
    startRekorTiles(),
    startTimestampAuthority(),
    startGgcrRegistry({ referrers: true }),
    startRegistry(work),
  ]);
});

after(async () => {
  docker.process.kill();
  await Promise.all([people, jobs, fulcio, rekor, timestamps, ggcr].map((server) => server.stop()));
  rmSync(work, { recursive: true, force: true });
});

/** docker-registry gives an OCI document only to those who ask for one. */
const headers = {
  accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
};

/** What lies beside the image, by the API or, where it is missing, by the fallback tag. */
async function referrersOf(reference: string): Promise<{ api: number; manifests: unknown[] }> {
  const [, host, repository, digest] = /^([^/]+)\/(.+)@(.+)$/.exec(reference)!;
  const answer = await fetch(`http://${host}/v2/${repository}/referrers/${digest}`);
  const listed = answer.ok
    ? await answer.json()
    : await (
        await fetch(`http://${host}/v2/${repository}/manifests/${digest!.replace(':', '-')}`, { headers })
      ).json();
  return { api: answer.status, manifests: (listed as { manifests: unknown[] }).manifests };
}

test('cosign 3 signs without a key and verifies by identity, with the referrers API and with the fallback tag', async () => {
  const by = keyless(work, { fulcio, rekor, timestamps }, people);
  for (const [host, api] of [
    [ggcr.host, 200],
    [docker.host, 404],
  ] as const) {
    const reference = pushed(work, host, 'team/keyless');
    const token = people.token({ subject: 'one', email: 'one@example.com' });
    cosign3.must('sign', ...by.sign(token), reference);
    const beside = await referrersOf(reference);
    assert.deepEqual([beside.api, beside.manifests.length], [api, 1]);
    cosign3.must('verify', ...by.verify('one@example.com'), reference);
    const other = cosign3.run('verify', ...by.verify('two@example.com'), reference);
    assert.notEqual(other.code, 0);
    assert.match(other.stderr, /expected SAN value "two@example\.com", got "one@example\.com"/);
  }
});

test('a job is an identity by URL, and attests', () => {
  const by = keyless(work, { fulcio, rekor, timestamps }, jobs);
  const reference = pushed(work, ggcr.host, 'team/job');
  const subject = `${jobs.url}/team/repository/.github/workflows/build.yml@refs/heads/main`;
  const predicate = join(work, 'predicate.json');
  writeFileSync(predicate, JSON.stringify({ buildDefinition: { buildType: 'https://example.com/b/v1' } }));
  cosign3.must(
    'attest',
    ...by.sign(jobs.token({ subject })),
    '--type=slsaprovenance1',
    `--predicate=${predicate}`,
    reference,
  );
  cosign3.must('verify-attestation', '--type=slsaprovenance1', ...by.verify(subject), reference);
  const other = cosign3.run('verify-attestation', '--type=spdx', ...by.verify(subject), reference);
  assert.notEqual(other.code, 0);
});

test('a log with an ECDSA key is found by its own kind of id', async () => {
  const ecdsa = await startRekorTiles('ecdsa');
  try {
    const by = keyless(work, { fulcio, rekor: ecdsa, timestamps }, people);
    const reference = pushed(work, ggcr.host, 'team/ecdsa');
    cosign3.must('sign', ...by.sign(people.token({ subject: 'x', email: 'x@example.com' })), reference);
    cosign3.must('verify', ...by.verify('x@example.com'), reference);
    const strange = keyless(work, { fulcio, rekor, timestamps }, people);
    assert.notEqual(cosign3.run('verify', ...strange.verify('x@example.com'), reference).code, 0);
  } finally {
    await ecdsa.stop();
  }
});

test('the trusted root is the one that cosign makes of the same keys and chains', () => {
  const write = (name: string, text: string) => {
    writeFileSync(join(work, name), text);
    return join(work, name);
  };
  const pem = (key: Rekor['publicKey']) => key.export({ format: 'pem', type: 'spki' }).toString();
  const start = '2026-01-01T00:00:00Z';
  const out = join(work, 'made-by-cosign.json');
  const logKey = write('rekor.pub', pem(rekor.publicKey));
  const ctKey = write('ct.pub', pem(fulcio.certificateLog.publicKey));
  cosign3.must(
    'trusted-root',
    'create',
    `--fulcio=url=${fulcio.url},certificate-chain=${write('ca.pem', fulcio.chain.join('\n'))}`,
    `--rekor=url=https://${rekor.origin},public-key=${logKey},start-time=${start},origin=${rekor.origin}`,
    `--ctfe=url=${fulcio.certificateLog.url},public-key=${ctKey},start-time=${start}`,
    `--tsa=url=${timestamps.url},certificate-chain=${write('tsa.pem', timestamps.chain.join('\n'))}`,
    `--out=${out}`,
  );
  const essence = (document: unknown) =>
    JSON.parse(JSON.stringify(document), (name, value) =>
      name === 'validFor' || name === 'subject' ? undefined : value,
    );
  assert.deepEqual(
    essence(trustedRootOf({ fulcio, rekor, timestamps })),
    essence(JSON.parse(readFileSync(out, 'utf8'))),
  );
});

test('a token of another issuer, or for another audience, gets no certificate', async () => {
  const stranger = await startIssuer('email');
  try {
    const by = keyless(work, { fulcio, rekor, timestamps }, people);
    const reference = pushed(work, ggcr.host, 'team/strange');
    const one = { subject: 'one', email: 'one@example.com' };
    for (const token of [stranger.token(one), people.token({ ...one, audience: 'other' })]) {
      const ran = cosign3.run('sign', ...by.sign(token), reference);
      assert.notEqual(ran.code, 0);
      assert.match(ran.stderr, /Fulcio returned 40\d/);
    }
  } finally {
    await stranger.stop();
  }
});

test('cosign 2 and cosign 3 sign with a key, each in its own form, without a log', async () => {
  for (const host of [ggcr.host, docker.host]) {
    const { key, pub } = cosign2.keys();
    const old = pushed(work, host, 'team/keyed');
    cosign2.must('sign', `--key=${key}`, '--tlog-upload=false', old);
    cosign2.must('verify', `--key=${pub}`, '--insecure-ignore-tlog=true', old);
    const tag = old.replace(/^([^/]+)\/(.+)@sha256:(.+)$/, 'http://$1/v2/$2/manifests/sha256-$3.sig');
    assert.equal((await fetch(tag, { headers })).status, 200);

    const young = pushed(work, host, 'team/keyed');
    const nobody = keyless(work, {}, people);
    cosign3.must('sign', `--key=${key}`, `--signing-config=${nobody.config}`, young);
    cosign3.must('verify', `--key=${pub}`, '--insecure-ignore-tlog=true', young);
    assert.equal((await referrersOf(young)).manifests.length, 1);
    assert.notEqual(
      cosign3.run('verify', `--key=${cosign3.keys().pub}`, '--insecure-ignore-tlog=true', young).code,
      0,
    );
  }
});
