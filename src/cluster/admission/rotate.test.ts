import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, createServer } from 'node:tls';
import { type CertificateState, makeAuthority, makeLeaf, readState } from './certificate.ts';
import { bundleOf, secretOf, stateIn } from './certificatesecret.ts';
import { nextState, settling } from './rotate.ts';

const day = 86_400_000;
const hosts = ['seaworthy-agent.seaworthy-system.svc', 'seaworthy-agent.seaworthy-system.svc.cluster.local'];
const start = Date.parse('2026-11-27T10:00:00Z');

function first(now = start): CertificateState {
  return nextState(undefined, { now, names: hosts, published: false }).state;
}

function openssl(state: CertificateState, at: number, host = hosts[0]!): string {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-certificate-'));
  try {
    writeFileSync(join(dir, 'ca.crt'), Buffer.from(bundleOf(state), 'base64'));
    writeFileSync(join(dir, 'leaf.crt'), state.leaf.cert);
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host, '-attime'];
    return execFileSync('openssl', [...args, `${Math.floor(at / 1000)}`, '-CAfile', 'ca.crt', 'leaf.crt'], {
      cwd: dir,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

describe('certificates of the agent', () => {
  it('are accepted by openssl in its strict mode, for both names and no other', () => {
    const state = first();
    for (const host of hosts) assert.equal(openssl(state, start, host), 'leaf.crt: OK');
    assert.throws(() => openssl(state, start, 'seaworthy-agent.other.svc'), /hostname mismatch/);
    assert.throws(() => openssl(state, start - 2 * 3_600_000), /not yet valid/);
    assert.throws(() => openssl(state, start + 91 * day), /expired/);
    assert.equal(openssl(state, start - 1_800_000), 'leaf.crt: OK');
    const authority = new X509Certificate(state.authority.cert);
    assert.equal(authority.validToDate.getTime(), start + 365 * day);
    assert.equal(new X509Certificate(state.leaf.cert).ca, false);
  });

  it('serve a real handshake by the bundle that webhook configurations hold', async () => {
    const state = first(Date.now());
    const server = createServer({ cert: state.leaf.cert, key: state.leaf.key }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as { port: number };
      const handshake = (ca: Buffer) =>
        new Promise<boolean>((resolve, reject) => {
          const socket = connect({ host: '127.0.0.1', port, ca, servername: hosts[0]! }, () => {
            resolve(socket.authorized);
            socket.destroy();
          });
          socket.on('error', reject);
        });
      assert.equal(await handshake(Buffer.from(bundleOf(state), 'base64')), true);
      await assert.rejects(handshake(Buffer.from(first().authority.cert)), /signature|issuer|verify/);
    } finally {
      server.close();
    }
  });

  it('are renewed when two thirds of their life have passed, by the same authority', () => {
    const state = first();
    const calm = nextState(state, { now: start + 59 * day, names: hosts, published: true });
    assert.equal(calm.changed, false);
    assert.equal(calm.renewAt, start + 60 * day);
    const due = nextState(state, { now: start + 60 * day, names: hosts, published: true });
    assert.equal(due.changed, true);
    assert.equal(due.state.authority.cert, state.authority.cert);
    assert.equal(openssl(due.state, start + 149 * day), 'leaf.crt: OK');
  });

  it('a new authority is published before a certificate by it is served', () => {
    const now = start + 244 * day;
    const authority = makeAuthority(start);
    const old: CertificateState = { authority, previous: [], leaf: makeLeaf(authority, hosts, now - day) };
    const made = nextState(old, { now, names: hosts, published: true });
    assert.equal(made.state.leaf.cert, old.leaf.cert);
    assert.deepEqual(made.state.previous, [authority.cert]);
    assert.equal(openssl(made.state, now), 'leaf.crt: OK', 'the old certificate, by the new bundle');
    const unseen = nextState(made.state, { now: now + day, names: hosts, published: false });
    assert.equal(unseen.changed, false);
    const early = nextState(made.state, { now: now + settling - 1, names: hosts, published: true });
    assert.equal(early.changed, false);
    assert.equal(early.renewAt, now + settling + 5_000 - 1);
    const later = nextState(made.state, { now: now + settling, names: hosts, published: true });
    assert.notEqual(later.state.leaf.cert, old.leaf.cert);
    assert.deepEqual(later.state.previous, [authority.cert]);
    const alone = { ...later.state, previous: [] };
    assert.equal(openssl(alone, now + settling), 'leaf.crt: OK', 'the new certificate, by the new authority');
  });

  it('an authority stays trusted until its last certificate has expired, then goes', () => {
    const now = start + 244 * day;
    const authority = makeAuthority(start);
    const old = { authority, previous: [], leaf: makeLeaf(authority, hosts, now - day) };
    const around = { names: hosts, published: true };
    const made = nextState(old, { ...around, now }).state;
    const switched = nextState(made, { ...around, now: now + settling }).state;
    const kept = nextState(switched, { ...around, now: now + 59 * day });
    assert.deepEqual(kept.state.previous, [authority.cert]);
    const gone = nextState(switched, { ...around, now: now + 90 * day });
    assert.deepEqual(gone.state.previous, []);
  });

  it('hold through three years in steps of four days with every certificate valid by the bundle of the step before', () => {
    let state = first();
    let bundle = [state.authority.cert];
    let renewed = 0;
    for (let now = start; now < start + 3 * 365 * day; now += 4 * day) {
      const published = bundle.includes(state.authority.cert);
      const next = nextState(state, { now, names: hosts, published });
      const read = readState(next.state, hosts);
      assert.ok(typeof read !== 'string', `${read}`);
      assert.ok(now < read.leaf.notAfter - 25 * day, 'a month is left whenever it is looked at');
      const leaf = new X509Certificate(next.state.leaf.cert);
      assert.ok(
        bundle.some(
          (pem) =>
            leaf.checkIssued(new X509Certificate(pem)) && now < Date.parse(new X509Certificate(pem).validTo),
        ),
        'the certificate of now stands by what was published before',
      );
      assert.ok(next.state.previous.length <= 1);
      if (next.state.leaf.cert !== state.leaf.cert) renewed++;
      state = next.state;
      bundle = [state.authority.cert, ...state.previous];
    }
    assert.ok(renewed >= 18 && renewed <= 24, `${renewed} renewals`);
  });

  it('an authority that nobody publishes signs nothing until there is no other way', () => {
    const now = start + 244 * day;
    const authority = makeAuthority(start);
    const old = { authority, previous: [], leaf: makeLeaf(authority, hosts, now - day) };
    const made = nextState(old, { now, names: hosts, published: true }).state;
    const around = { names: hosts, published: false };
    assert.equal(nextState(made, { ...around, now: now + 88 * day }).changed, false);
    assert.equal(nextState(made, { ...around, now: now + 90 * day }).changed, true);
  });

  it('are made anew from contents that are corrupt, foreign, for other names, expired or of the future', () => {
    const state = first();
    const other = first();
    const bad: [string, CertificateState, number][] = [
      ['corrupt', { ...state, leaf: { ...state.leaf, cert: 'no certificate' } }, start],
      ['by a stranger', { ...state, leaf: other.leaf }, start],
      ['with another key', { ...state, leaf: { ...state.leaf, key: other.leaf.key } }, start],
      [
        'with another authority key',
        { ...state, authority: { ...state.authority, key: other.authority.key } },
        start,
      ],
      [
        'two certificates in one',
        { ...state, leaf: { ...state.leaf, cert: state.leaf.cert + other.leaf.cert } },
        start,
      ],
      ['no authority', { ...state, authority: state.leaf }, start],
      ['for another name', { ...state, leaf: makeLeaf(state.authority, ['a.b.svc'], start) }, start],
      ['expired', state, start + 366 * day],
      ['of the future', state, start - 5 * 365 * day],
    ];
    for (const [what, contents, now] of bad) {
      const next = nextState(contents, { now, names: hosts, published: true });
      assert.equal(next.changed, true, what);
      assert.match(next.done[0]!, /^made/, what);
      assert.notEqual(next.state.authority.cert, state.authority.cert, what);
      assert.equal(openssl(next.state, now), 'leaf.crt: OK', what);
    }
  });

  it('come back from their Secret as they went in', () => {
    const authority = makeAuthority(start);
    const state = { ...first(), previous: [authority.cert] };
    const secret = secretOf(state, 'a', 'b', undefined);
    assert.deepEqual(stateIn(secret), state);
    assert.equal(stateIn({ ...secret, data: undefined }), undefined);
    assert.equal(stateIn({ ...secret, data: { 'tls.crt': 7 } }), undefined);
    assert.equal(stateIn(undefined), undefined);
  });
});
