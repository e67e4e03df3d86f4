// Tests of statements about an image: read as they stand, and refused where they could be read in two ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64Of, makeStatement, parseEnvelope, parseStatement, preAuthEncoding } from './statement.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const refused = { code: 'statement-invalid' };
const envelope = {
  payloadType: 'application/vnd.in-toto+json',
  payload: Buffer.from('{}').toString('base64'),
  signatures: [{ keyid: 'a', sig: 'AAEC' }],
};
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'a', digest: { sha256: 'a'.repeat(64) } }],
  predicateType: 'https://example.com/a',
  predicate: { a: 1 },
};

const parsed = (change: object) => parseStatement(Buffer.from(JSON.stringify({ ...statement, ...change })));

test('what is signed is the type and the payload, each with its length in bytes', () => {
  assert.equal(preAuthEncoding('a/é', Buffer.from('ß!')).toString(), 'DSSEv1 4 a/é 3 ß!');
  assert.equal(preAuthEncoding('', Buffer.alloc(0)).toString(), 'DSSEv1 0  0 ');
});

test('an envelope is read with its type, bytes and signatures', () => {
  assert.deepEqual(parseEnvelope(envelope), {
    payloadType: envelope.payloadType,
    payload: Buffer.from('{}'),
    signatures: [{ keyid: 'a', sig: Buffer.from([0, 1, 2]) }],
  });
  const [signature] = parseEnvelope({ ...envelope, signatures: [{ keyid: '', sig: '-_8=' }] }).signatures;
  assert.deepEqual(signature, { sig: Buffer.from([0xfb, 0xff]) });
});

test('an envelope without a signature, or with a crowd of them, is refused', () => {
  for (const change of [
    { signatures: [] },
    { signatures: undefined },
    { signatures: Array(17).fill({ sig: 'AAEC' }) },
    { signatures: [{ sig: 1 }] },
    { signatures: ['AAEC'] },
    { payload: undefined },
    { payload: 'not base64!' },
    { payloadType: 7 },
  ])
    assert.throws(() => parseEnvelope({ ...envelope, ...change }), refused, JSON.stringify(change));
  for (const value of [null, [], 'envelope', undefined]) assert.throws(() => parseEnvelope(value), refused);
});

test('base64 has nothing beside it', () => {
  assert.deepEqual(base64Of('-_-_', 'a'), base64Of('+/+/', 'a'));
  for (const text of ['', ' AAEC', 'AAEC\n', 'AA=EC', 'AAEC===', 'é', 1, null, undefined])
    assert.throws(() => base64Of(text, 'a'), refused, String(text));
});

test('what is made is read again', () => {
  const made = makeStatement('example.com/a', digest, 'https://example.com/a', { a: [1] });
  assert.deepEqual(parseStatement(made), {
    subjects: [digest],
    predicateType: 'https://example.com/a',
    predicate: { a: [1] },
  });
});

test('every digest of every subject counts, and what is no digest does not', () => {
  const subject: { digest: object }[] = [
    { digest: { sha256: 'a'.repeat(64), sha512: 'b'.repeat(128) } },
    { digest: { sha256: 'c'.repeat(63), sha1: 'd'.repeat(40), gitCommit: 'e'.repeat(40) } },
    { digest: { sha256: 'A'.repeat(64) } },
    { digest: { sha256: ['a'.repeat(64)], constructor: 'a' } },
    { digest: {} },
  ];
  const { subjects } = parsed({ subject: subject.slice(0, 3) });
  assert.deepEqual(subjects, [digest, `sha512:${'b'.repeat(128)}`]);
  assert.deepEqual(parsed({ subject: subject.slice(4) }).subjects, []);
  assert.deepEqual(parsed({ subject: [] }).subjects, []);
  assert.deepEqual(parsed({ subject: [subject[3]] }).subjects, []);
});

test('both versions that are in use are read, and no other', () => {
  assert.equal(parsed({ _type: 'https://in-toto.io/Statement/v0.1' }).subjects.length, 1);
  for (const _type of ['https://in-toto.io/Statement/v2', 'https://in-toto.io/Statement/v1/', undefined])
    assert.throws(() => parsed({ _type }), refused, String(_type));
});

test('a statement of another shape, or about a crowd, is refused', () => {
  for (const change of [
    { predicateType: undefined },
    { subject: {} },
    { subject: [null] },
    { subject: [{ name: 'a' }] },
    { subject: Array(1001).fill(statement.subject[0]) },
  ])
    assert.throws(() => parsed(change), refused, JSON.stringify(change).slice(0, 80));
});

test('a statement that names a key twice is refused, for two readers would read two statements', () => {
  const text = JSON.stringify(statement).replace('"subject":', '"subject":[],"subject":');
  assert.throws(() => parseStatement(Buffer.from(text)), { code: 'json-duplicate-key' });
  assert.throws(() => parseStatement(Buffer.from('{')), { code: 'json-invalid' });
});
