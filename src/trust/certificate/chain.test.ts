// Tests of building chains: who may vouch for whom, and until when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  basicConstraints,
  extension,
  type Holder,
  keyUsage,
  makeHolder,
  makeIntermediate,
  makeRoot,
  makeSigner,
} from '../../testing/x509.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { buildChain } from './chain.ts';

const now = Date.now();
const hour = 3_600_000;
const root = makeRoot('CN=root');
const issuing = makeIntermediate('CN=issuing', root);
const leaf = makeSigner('CN=leaf', issuing);

const read = ({ certificate }: Holder) => parseCertificate(certificate);

/** Names of the chain, leaf first; or why there is none. */
function built(from: Holder, between: readonly Holder[], roots: readonly Holder[] = [root], at = now) {
  const found = buildChain(read(from), between.map(read), roots.map(read), at);
  return typeof found === 'string' ? found : found.length;
}

test('a chain leads from the leaf to a trusted root, in whatever order its parts come', () => {
  const other = makeIntermediate('CN=other', root);
  assert.equal(built(leaf, [issuing]), 3);
  assert.equal(built(leaf, [other, root, issuing]), 3);
  assert.equal(built(makeSigner('CN=direct', root), []), 2);
  assert.equal(built(leaf, []), 'untrusted');
  assert.equal(built(leaf, [issuing], [makeRoot('CN=root')]), 'untrusted');
  assert.equal(built(leaf, [issuing, root], []), 'untrusted');
});

test('an issuer is one by its key, not by its name', () => {
  const thief = makeIntermediate('CN=issuing', makeRoot('CN=root'));
  assert.equal(built(makeSigner('CN=leaf', thief), [issuing]), 'untrusted');
  assert.equal(built(leaf, [thief]), 'untrusted');
  assert.equal(built(leaf, [thief, issuing]), 3, 'a decoy of the same name hides nothing');
});

test('whoever is no authority issues nothing, whatever it signed', () => {
  const signs = (extensions: Buffer[]) => {
    const holder = makeHolder('CN=signs', root, { extensions });
    return built(makeSigner('CN=below', holder), [holder]);
  };
  assert.equal(signs([basicConstraints(true), keyUsage([5])]), 3);
  assert.equal(signs([keyUsage([0])]), 'untrusted', 'an ordinary certificate');
  assert.equal(signs([basicConstraints(false), keyUsage([5])]), 'untrusted', 'no authority');
  assert.equal(signs([basicConstraints(true), keyUsage([0])]), 'untrusted', 'no keyCertSign');
  const narrow = makeRoot('CN=narrow', { extensions: [basicConstraints(true, 0), keyUsage([5])] });
  const below = makeIntermediate('CN=below', narrow);
  assert.equal(
    built(makeSigner('CN=deep', below), [below], [narrow]),
    'untrusted',
    'more below than allowed',
  );
  assert.equal(built(makeSigner('CN=flat', narrow), [], [narrow]), 2);
});

test('every certificate of a chain is valid at the time in question, intermediates and roots too (N6)', () => {
  const past = { notBefore: now - 2 * hour, notAfter: now - hour };
  const old = makeIntermediate('CN=old', root, past);
  const below = makeSigner('CN=below', old);
  assert.equal(built(below, [old]), 'expired');
  const gone = makeRoot('CN=gone', past);
  assert.equal(built(makeSigner('CN=leaf', gone), [], [gone]), 'expired');
  assert.equal(built(makeSigner('CN=leaf', root, past), []), 'expired');
  assert.equal(built(makeSigner('CN=leaf', root, past), [], [root], past.notAfter + 1), 'expired');
  assert.equal(built(leaf, [issuing], [root], now - 25 * hour), 'expired');
  const twice: Certificate[] = [old, makeHolder('CN=old', root, { key: old.key, extensions: ca() })].map(
    read,
  );
  assert.equal(
    (buildChain(read(below), twice, [read(root)], now) as Certificate[]).length,
    3,
    'the renewed one',
  );
});

test('a critical extension that nobody understands ends a chain', () => {
  const strange = extension('1.2.3.4', true, Buffer.from([0x05, 0x00]));
  const harmless = extension('1.2.3.4', false, Buffer.from([0x05, 0x00]));
  assert.equal(built(makeSigner('CN=leaf', root, { extensions: [keyUsage([0]), strange] }), []), 'untrusted');
  assert.equal(built(makeSigner('CN=leaf', root, { extensions: [keyUsage([0]), harmless] }), []), 2);
  const between = makeIntermediate('CN=between', root, { extensions: [...ca(), strange] });
  assert.equal(built(makeSigner('CN=leaf', between), [between]), 'untrusted');
});

test('certificates that issue each other in circles, or by the hundred, take no time', () => {
  const a = makeHolder('CN=a', undefined, { extensions: ca() });
  const b = makeHolder('CN=b', a, { extensions: ca() });
  const circle = makeHolder('CN=a', b, { key: a.key, extensions: ca() });
  const started = performance.now();
  assert.equal(built(makeSigner('CN=leaf', b), [a, b, circle]), 'untrusted');
  const crowd = Array.from({ length: 20 }, (_, at) =>
    makeHolder('CN=a', a, { key: a.key, extensions: ca(), serial: Buffer.from([at + 1]) }),
  );
  assert.equal(built(makeSigner('CN=leaf', a), crowd), 'untrusted');
  assert.ok(performance.now() - started < 2000);
});

function ca(): Buffer[] {
  return [basicConstraints(true), keyUsage([5])];
}
