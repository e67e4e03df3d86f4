import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameDer } from '../../testing/x509.ts';
import { writeDer, writeOid } from '../certificate/index.ts';
import { NotationFault } from './fault.ts';
import { formatName, isSubset, parseName, quoteName, readName } from './name.ts';

const plain = { C: 'US', ST: 'WA', O: 'example.com' };

function parsed(text: string): Record<string, string> {
  return Object.fromEntries(parseName(text));
}

test('a name as text is read with its blanks and escapes (RFC 4514)', () => {
  for (const [text, more] of [
    ['C=US,ST=WA,O=example.com', {}],
    [' C = US , S=WA,  O = example.com ', {}],
    ['c=US,st=WA,o=example.com,cn=a', { CN: 'a' }],
    ['2.5.4.6=US,2.5.4.8=WA,2.5.4.10=example.com', {}],
    ['C=US,ST=WA,O=example.com,CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h', { CN: 'a,b+c"d\\e<f>g;h' }],
    ['C=US,ST=WA,O=example.com,CN=\\ a b\\ ', { CN: ' a b ' }],
    ['C=US,ST=WA,O=example.com,CN=\\#a', { CN: '#a' }],
    ['C=US,ST=WA,O=example.com,CN=a\\3Db\\=c=d', { CN: 'a=b=c=d' }],
    ['C=US,ST=WA,O=example.com,CN=Lu\\C4\\8Di\\C4\\87', { CN: 'Lučić' }],
    ['C=US,ST=WA,O=example.com,CN=Lučić 𝕏', { CN: 'Lučić 𝕏' }],
    ['C=US,ST=WA,O=example.com,1.2.3.4=x', { '1.2.3.4': 'x' }],
  ] as const)
    assert.deepEqual(parsed(text), { ...plain, ...more }, text);
});

test('a name that could be read in two ways, or asks for too little, is refused', () => {
  const rest = 'C=US,ST=WA,O=example.com';
  for (const [text, message] of [
    ['', /TYPE=VALUE/],
    ['*', /TYPE=VALUE/],
    [`${rest},`, /TYPE=VALUE/],
    [`,${rest}`, /TYPE=VALUE/],
    ['C=US,ST=WA', /without O/],
    ['ST=WA,O=x', /without C/],
    ['C=US,O=x', /without ST/],
    [`${rest},CN=`, /a value for CN/],
    [`${rest},CN= `, /a value for CN/],
    [`${rest},O=other`, /O twice/],
    [`${rest},o=other`, /O twice/],
    [`${rest},S=other`, /ST twice/],
    [`${rest},2.5.4.10=other`, /O twice/],
    [`${rest},CN=a+OU=b`, /several joined by \+/],
    [`${rest},CN=#0c0161`, /hexadecimal/],
    [`${rest},CN="a"`, /in a value/],
    [`${rest},CN=a;OU=b`, /in a value/],
    [`${rest},CN=a<b`, /in a value/],
    [`${rest},CN=a\\`, /escape/],
    [`${rest},CN=a\\x`, /escape/],
    [`${rest},CN=\\C4`, /UTF-8/],
    [`${rest},NAME=a`, /attributes such as/],
    [`${rest},CN=${'a'.repeat(5000)}`, /4096/],
  ] as const)
    assert.throws(
      () => parseName(text),
      (error) =>
        error instanceof NotationFault &&
        error.code === 'distinguished-name-invalid' &&
        message.test(error.message) &&
        error.hint !== undefined,
      text.slice(0, 60),
    );
});

test('a name of a certificate is written as RFC 4514 writes it, and reads back the same', () => {
  const der = nameDer('CN= a\\,b\\\\#\\ ,OU=#x,O=example.com,ST=WA,C=US');
  assert.equal(formatName(der), 'CN=\\ a\\,b\\\\#\\ ,OU=\\#x,O=example.com,ST=WA,C=US');
  assert.deepEqual(parseName(formatName(der)), new Map([...readName(der)].reverse()));
  assert.equal(formatName(nameDer('1.2.3.4=x,C=US')), '1.2.3.4=x,C=US');
});

test('what would steer a terminal or turn the text around is written as its bytes', () => {
  const der = nameDer('CN=a\u001b[2J\r\n\u202eb\u0085,C=US');
  assert.equal(formatName(der), 'CN=a\\1b[2J\\0d\\0a\\e2\\80\\aeb\\c2\\85,C=US');
  assert.equal(readName(der).get('CN'), parseName(`ST=WA,O=x,${formatName(der)}`).get('CN'));
  assert.ok(quoteName(nameDer(`CN=${'a'.repeat(5000)}`)).length < 400);
});

test('every string type of a certificate is read; what is no string equals no text', () => {
  const named = (value: Buffer) => writeDer(0x30, writeDer(0x31, writeDer(0x30, writeOid('2.5.4.3'), value)));
  const values = { 12: 'ü', 19: 'a', 20: 'a', 22: 'a', 26: 'a' };
  for (const [tag, text] of Object.entries(values))
    assert.equal(readName(named(writeDer(Number(tag), Buffer.from(text)))).get('CN'), text, tag);
  assert.equal(readName(named(writeDer(0x1e, Buffer.from('0041010d', 'hex')))).get('CN'), 'Ač');
  assert.equal(readName(named(writeDer(0x02, Buffer.from([5])))).get('CN'), '#020105');
});

test('a certificate whose name has a part of two values, or an attribute twice, is not guessed at', () => {
  const part = (type: string, value: string) =>
    writeDer(0x30, writeOid(type), writeDer(0x0c, Buffer.from(value)));
  const joined = writeDer(0x30, writeDer(0x31, part('2.5.4.3', 'a'), part('2.5.4.10', 'b')));
  assert.equal(formatName(joined), 'CN=a+O=b');
  assert.throws(() => readName(joined), /several joined/);
  assert.throws(() => readName(nameDer('O=a,O=b')), /O twice/);
});

test('a name is a subset only by equal values', () => {
  const whole = parseName('C=US,ST=WA,O=example.com,CN=a');
  assert.ok(isSubset(parseName('O=example.com,C=US,ST=WA'), whole));
  assert.ok(isSubset(whole, whole));
  assert.ok(!isSubset(parseName('C=US,ST=WA,O=example.com,OU=b'), whole));
  assert.ok(!isSubset(parseName('C=US,ST=WA,O=example'), whole));
  assert.ok(!isSubset(parseName('C=us,ST=WA,O=example.com'), whole));
});
