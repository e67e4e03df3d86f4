import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createClient, type HttpClient } from '../../net/index.ts';
import { memoryResults, type ResultStore } from '../../store/index.ts';
import { makeChain } from '../../testing/notation.ts';
import { crlOf, ocspAnswer, openRevocationServer } from '../../testing/revocations.ts';
import { crlUrl, extendedKeyUsage, keyUsage, ocspUrl, purposes } from '../../testing/x509.ts';
import { parseCertificate } from '../certificate/index.ts';
import { gatherRevocation } from './fetchrevocation.ts';
import { checkRevocation } from './revocation.ts';

async function setting(t: TestContext, pointers: (url: string) => Buffer[]) {
  const server = await openRevocationServer(t);
  const http = createClient({ env: {} });
  t.after(() => http.close());
  const extensions = [keyUsage([0]), extendedKeyUsage([purposes.codeSigning]), ...pointers(server.url)];
  const chain = makeChain({ leaf: { extensions } });
  const ders = chain.map(({ certificate }) => certificate);
  const [leaf, issuer] = [chain[0], chain[1]!];
  const look = async (cache?: ResultStore, client: HttpClient = http) => {
    const now = Date.now();
    const evidence = await gatherRevocation([ders, ders], client, cache, now);
    return { evidence, found: checkRevocation(ders.map(parseCertificate), structuredClone(evidence), now) };
  };
  return { server, leaf, issuer, look, ders, http };
}

const both = (url: string) => [ocspUrl(`${url}/ocsp`), crlUrl(`${url}/a.crl`)];

test('a responder is asked once for a certificate of two chains, and the list not at all', async (t) => {
  const { server, leaf, issuer, look } = await setting(t, both);
  server.answers['/ocsp'] = () => ocspAnswer({ issuer, certificate: leaf.certificate });
  assert.equal((await look()).found.state, 'good');
  assert.deepEqual(server.asked, ['POST /ocsp']);
  server.answers['/ocsp'] = () => ocspAnswer({ issuer, certificate: leaf.certificate, state: 'revoked' });
  assert.equal((await look()).found.state, 'revoked');
});

test('the list is fetched where the responder fails, says nothing of use or speaks for another', async (t) => {
  const { server, leaf, issuer, look } = await setting(t, both);
  server.answers['/a.crl'] = crlOf({ issuer });
  for (const answer of [
    500,
    Buffer.from('nonsense'),
    () => ocspAnswer({ issuer, certificate: leaf.certificate, state: 'unknown' }),
    () => ocspAnswer({ issuer, certificate: issuer.certificate }),
    () => ocspAnswer({ issuer, certificate: leaf.certificate, nextUpdate: Date.now() - 60_000 }),
  ]) {
    server.answers['/ocsp'] = answer;
    server.asked.length = 0;
    assert.equal((await look()).found.state, 'good');
    assert.deepEqual(server.asked, ['POST /ocsp', 'GET /a.crl']);
  }
});

test('a responder that never answers is given up after two seconds', { timeout: 20_000 }, async (t) => {
  const { server, issuer, look } = await setting(t, both);
  server.answers['/ocsp'] = -1;
  server.answers['/a.crl'] = crlOf({ issuer });
  const started = performance.now();
  assert.equal((await look()).found.state, 'good');
  const took = performance.now() - started;
  assert.ok(took > 1500 && took < 6000, `${took} ms`);
});

test('what cannot be had is a problem with its name, never a fault', async (t) => {
  const { server, look } = await setting(t, both);
  server.answers['/ocsp'] = Buffer.alloc(65 << 10);
  server.answers['/a.crl'] = 404;
  const { found } = await look();
  assert.equal(found.state, 'unknown');
  assert.match('message' in found ? found.message : '', /at most 65536 bytes.*status 404/);
});

test('only plain HTTP to an address that is allowed is asked', async (t) => {
  const { found, evidence } = await (
    await setting(t, () => [
      ocspUrl('http://169.254.169.254/ocsp', 'https://127.0.0.1:1/ocsp'),
      crlUrl(
        'ldap://127.0.0.1/a',
        'file:///etc/passwd',
        'http://168.63.129.16/a.crl',
        'http://u:p@127.0.0.1:1/',
      ),
    ])
  ).look();
  assert.equal(found.state, 'unknown');
  const problems = [...Object.values(evidence.ocsp), ...Object.values(evidence.crls)].map((fetched) =>
    'problem' in fetched ? fetched.problem : 'bytes',
  );
  assert.equal(problems.length, 6);
  assert.equal(
    problems.filter((problem) => /link-local|metadata|169\.254|168\.63/.test(problem)).length,
    2,
    problems.join(),
  );
  assert.equal(problems.filter((problem) => problem === 'not an http:// address').length, 3, problems.join());
  assert.equal(problems.filter((problem) => /user and password/.test(problem)).length, 1, problems.join());
});

test('an address that every object has is no answer', async (t) => {
  const { found } = await (await setting(t, () => [crlUrl('constructor'), ocspUrl('__proto__')])).look();
  assert.equal(found.state, 'unknown');
  const other = await (await setting(t, () => [crlUrl('__proto__', 'problem')])).look();
  assert.equal(other.found.state, 'unknown');
});

test('the caller can end what takes too long', async (t) => {
  const { server, ders, http } = await setting(t, both);
  server.answers['/ocsp'] = -1;
  server.answers['/a.crl'] = -1;
  const started = performance.now();
  const evidence = await gatherRevocation([ders], http, undefined, Date.now(), AbortSignal.timeout(50));
  assert.ok(performance.now() - started < 1500);
  assert.ok(Object.values(evidence.crls).every((fetched) => 'problem' in fetched));
});

test('a list is kept until it runs out, and only then fetched again', async (t) => {
  const { server, issuer, look } = await setting(t, (url) => [crlUrl(`${url}/a.crl`)]);
  const cache = memoryResults();
  server.answers['/a.crl'] = crlOf({ issuer });
  assert.equal((await look(cache)).found.state, 'good');
  assert.equal((await look(cache)).found.state, 'good');
  assert.deepEqual(server.asked, ['GET /a.crl']);
  const old = memoryResults();
  server.answers['/a.crl'] = crlOf({ issuer, nextUpdate: Date.now() - 60_000 });
  assert.equal((await look(old)).found.state, 'unknown');
  server.answers['/a.crl'] = crlOf({ issuer });
  assert.equal((await look(old)).found.state, 'good', 'what had run out was not kept');
});

test('a cache that fails or holds nonsense keeps nobody from verifying (CVE-2024-51491)', async (t) => {
  const { server, issuer, look } = await setting(t, (url) => [crlUrl(`${url}/a.crl`)]);
  server.answers['/a.crl'] = crlOf({ issuer });
  const failing: ResultStore = {
    get() {
      throw new Error('no');
    },
    put() {
      throw new Error('no');
    },
  };
  assert.equal((await look(failing)).found.state, 'good');
  const nonsense: ResultStore = { get: () => Buffer.from('nonsense'), put() {} };
  assert.equal((await look(nonsense)).found.state, 'good');
});

test('a list that somebody put into the cache is judged like any other', async (t) => {
  const { server, issuer, look } = await setting(t, (url) => [crlUrl(`${url}/a.crl`)]);
  server.answers['/a.crl'] = crlOf({ issuer });
  const planted = crlOf({ issuer: makeChain()[1]! });
  const { found } = await look({ get: () => planted, put() {} });
  assert.equal(found.state, 'unknown');
});
