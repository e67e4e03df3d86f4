// Tests of DER: one form for one value, so that no two readers see two documents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDepth } from './depth.ts';
import { childrenOf, type Der, elementsIn, expectTag, parseDer, sequenceOf } from './der.ts';
import { readTime } from './moment.ts';
import { readBits, readBoolean, readInteger, readOid } from './value.ts';
import { writeDer, writeInteger, writeOid } from './write.ts';

const refused = { name: 'CertificateFault', code: 'der-invalid' };

function element(tag: number, ...content: number[]): Der {
  return parseDer(writeDer(tag, Buffer.from(content)));
}

function time(text: string): number {
  return readTime(parseDer(writeDer(text.length === 13 ? 0x17 : 0x18, Buffer.from(text))));
}

test('what is written is read, with lengths of one to three bytes', () => {
  for (const size of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const bytes = writeDer(0x04, Buffer.alloc(size, 7));
    const { tag, content, raw } = parseDer(bytes);
    assert.deepEqual([tag, content.length, raw.length], [0x04, size, bytes.length], String(size));
  }
});

test('a length that is indefinite, too long or not the shortest is refused', () => {
  for (const bytes of [
    [0x30, 0x80, 0x00, 0x00],
    [0x04, 0x81, 0x00],
    [0x04, 0x81, 0x01, 0x00],
    [0x04, 0x81, 0x7f, ...Array(127).fill(0)],
    [0x04, 0x82, 0x00, 0x80, ...Array(128).fill(0)],
    [0x04, 0x85, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00],
    [0x04, 0x84, 0xff, 0xff, 0xff, 0xff],
    [0x04, 0xff],
  ])
    assert.throws(() => parseDer(Buffer.from(bytes)), refused, Buffer.from(bytes).toString('hex'));
});

test('bytes that are cut off, or that something follows, are refused', () => {
  for (const hex of ['', '04', '0401', '040200', '0482', '0400ff', '04000400'])
    assert.throws(() => parseDer(Buffer.from(hex, 'hex')), refused, hex);
  assert.deepEqual(
    elementsIn(Buffer.from('04000500', 'hex')).map(({ tag }) => tag),
    [0x04, 0x05],
  );
  assert.throws(() => elementsIn(Buffer.from('040005', 'hex')), refused);
});

test('a tag of several bytes is refused, and one that is not the one asked for', () => {
  assert.throws(() => parseDer(Buffer.from([0x1f, 0x81, 0x00, 0x00])), refused);
  assert.throws(() => expectTag(element(0x04), 0x05), refused);
  assert.throws(() => expectTag(undefined, 0x05), refused);
  assert.throws(() => childrenOf(element(0x04, 0x05, 0x00)), refused);
  assert.throws(() => sequenceOf(element(0x31, 0x05, 0x00)), refused);
  assert.equal(sequenceOf(element(0x30, 0x05, 0x00)).length, 1);
});

test('a number has its shortest form, of either sign and any size', () => {
  const numbers: [number[], bigint][] = [
    [[0x00], 0n],
    [[0x7f], 127n],
    [[0x00, 0x80], 128n],
    [[0x80], -128n],
    [[0xff], -1n],
    [[0xff, 0x7f], -129n],
    [[0x01, ...Array(16).fill(0)], 1n << 128n],
  ];
  for (const [bytes, value] of numbers) assert.equal(readInteger(element(0x02, ...bytes)), value);
  for (const bytes of [[], [0x00, 0x00], [0x00, 0x7f], [0xff, 0xff], [0xff, 0x80]])
    assert.throws(() => readInteger(element(0x02, ...bytes)), refused, bytes.join());
  assert.equal(readInteger(parseDer(writeInteger(Buffer.from([0, 0, 0x80])))), 128n);
  assert.equal(readInteger(parseDer(writeInteger(Buffer.alloc(0)))), 0n);
});

test('a boolean is 00 or FF', () => {
  assert.equal(readBoolean(element(0x01, 0xff)), true);
  assert.equal(readBoolean(element(0x01, 0x00)), false);
  for (const bytes of [[], [0x01], [0xff, 0xff]])
    assert.throws(() => readBoolean(element(0x01, ...bytes)), refused, bytes.join());
});

test('bits come in whole bytes', () => {
  assert.deepEqual(readBits(element(0x03, 0x00, 0xab)), Buffer.from([0xab]));
  for (const bytes of [[], [0x01, 0xaa], [0x08]])
    assert.throws(() => readBits(element(0x03, ...bytes)), refused, bytes.join());
});

test('an identifier has one form, and every part of it fits a number', () => {
  for (const id of ['1.2.840.113549.1.1.11', '2.5.29.15', '0.9.2342', '1.3.6.1.4.1.57264.1.8', '2.999.3'])
    assert.equal(readOid(parseDer(writeOid(id))), id);
  for (const bytes of [
    [],
    [0x2a, 0x80, 0x01],
    [0x80, 0x2a],
    [0x2a, 0x86],
    [0x2a, ...Array(9).fill(0xff), 0x7f],
  ])
    assert.throws(() => readOid(element(0x06, ...bytes)), refused, bytes.join());
});

test('a time is in UTC and exists', () => {
  assert.equal(time('260102030405Z'), Date.UTC(2026, 0, 2, 3, 4, 5));
  assert.equal(time('500101000000Z'), Date.UTC(1950, 0, 1));
  assert.equal(time('20500101000000Z'), Date.UTC(2050, 0, 1));
  assert.equal(time('20260102030405.25Z'), Date.UTC(2026, 0, 2, 3, 4, 5, 250));
  for (const text of [
    '260230000000Z',
    '261301000000Z',
    '260001000000Z',
    '00500101000000Z',
    '260100000000Z',
    '260101240000Z',
    '260101006000Z',
    '260101000060Z',
    '20260101000000',
    '20260101000000+0000',
    '20260101000000.Z',
    '2026010100Z',
    '2601020304.5Z',
  ])
    assert.throws(() => time(text), refused, text);
  assert.throws(() => readTime(element(0x04, 0x30)), refused);
  assert.throws(() => readTime(undefined), refused);
});

test('what nests deeper than honest documents do is refused before anybody recurses into it', () => {
  const nested = (levels: number) => {
    let bytes: Buffer = writeDer(0x05);
    for (let level = 0; level < levels; level++) bytes = writeDer(0x30, bytes);
    return parseDer(bytes);
  };
  checkDepth(nested(32));
  assert.throws(() => checkDepth(nested(33)), refused);
  assert.throws(() => checkDepth(nested(5000)), refused);
});
