// Distinguished names, from certificates and from text (RFC 4514), compared attribute by attribute.
import { type Der, expectTag, parseDer, readOid, sequenceOf } from '../certificate/index.ts';
import { NotationFault } from './fault.ts';

/** Values by type; types are the short names of RFC 4514 in capitals, or object identifiers. */
export type Name = ReadonlyMap<string, string>;

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'TITLE',
  '2.5.4.17': 'POSTALCODE',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'EMAILADDRESS',
};

const known = new Set(Object.values(shortNames));
const mandatory = ['C', 'ST', 'O'] as const;
const longest = 4096;
const quoted = 300;

type Rdn = readonly (readonly [type: string, value: string])[];

/** The parts of a name in DER, in the order of the certificate. Throws CertificateFault. */
function partsOf(name: Uint8Array): Rdn[] {
  return sequenceOf(parseDer(name)).map((set) =>
    sequenceOf(set, 0x31).map((attribute) => {
      const [type, value] = sequenceOf(attribute);
      const id = readOid(type);
      return [shortNames[id] ?? id, textOf(value)] as const;
    }),
  );
}

/** Strings of RFC 5280 section 4.1.2.4; anything else keeps its bytes, which no text equals. */
function textOf(value: Der | undefined): string {
  switch (value?.tag) {
    case 0x0c:
      return value.content.toString('utf8');
    case 0x12:
    case 0x13:
    case 0x14:
    case 0x16:
    case 0x1a:
      return value.content.toString('latin1');
    case 0x1e:
      return Buffer.from(value.content.subarray(0, value.content.length & ~1))
        .swap16()
        .toString('utf16le');
    default:
      return `#${expectTag(value, value?.tag ?? 0).raw.toString('hex')}`;
  }
}

/** A name as RFC 4514 writes it: the last part of the certificate first. Throws CertificateFault. */
export function formatName(name: Uint8Array): string {
  return partsOf(name)
    .reverse()
    .map((rdn) => rdn.map(([type, value]) => `${type}=${escaped(value)}`).join('+'))
    .join(',');
}

/** Characters that would steer a terminal, end a line or turn the text around; written as their bytes. */
const unseen = /[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g;

function escaped(value: string): string {
  return value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(unseen, (char) => Buffer.from(char).toString('hex').replace(/../g, '\\$&'))
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ');
}

/** As `formatName`, cut for a sentence that quotes it. */
export function quoteName(name: Uint8Array): string {
  const text = formatName(name);
  return text.length <= quoted ? text : `${text.slice(0, quoted)}…`;
}

/**
 * A name in DER, for comparison. Throws NotationFault where it has parts of several values or an attribute twice:
 * which one counts would be a guess.
 */
export function readName(name: Uint8Array): Name {
  return unique(partsOf(name), 'the certificate');
}

/**
 * The name behind `x509.subject:` (trust-store-trust-policy.md, Trusted identities constraints): C, ST and O have to
 * be there. Throws NotationFault `distinguished-name-invalid`.
 */
export function parseName(text: string): Name {
  if (text.length > longest) throw invalid(`at most ${longest} characters`, `${text.length}`);
  const name = unique(splitName(text), JSON.stringify(text));
  for (const type of name.keys())
    if (!known.has(type) && !/^\d+(?:\.\d+)+$/.test(type))
      throw invalid(`attributes such as ${[...known].join(', ')}`, type);
  for (const type of mandatory)
    if (!name.has(type))
      throw invalid('C, ST and O in a trusted identity', `${JSON.stringify(text)} without ${type}`);
  return name;
}

/** Whether every attribute of the one is in the other with the same value. */
export function isSubset(part: Name, whole: Name): boolean {
  for (const [type, value] of part) if (whole.get(type) !== value) return false;
  return true;
}

function unique(parts: readonly Rdn[], where: string): Name {
  const name = new Map<string, string>();
  for (const rdn of parts) {
    const [first, second] = rdn;
    if (first === undefined || second !== undefined)
      throw invalid(`parts of one value each in ${where}`, 'several joined by +');
    const [type, value] = first;
    if (name.has(type)) throw invalid(`each attribute once in ${where}`, `${type} twice`);
    name.set(type, value);
  }
  return name;
}

function splitName(text: string): Rdn[] {
  const parts: [string, string][][] = [];
  let rdn: [string, string][] = [];
  for (let at = 0; ; ) {
    const type = /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *= */.exec(text.slice(at));
    if (type === null) throw invalid('TYPE=VALUE', JSON.stringify(text.slice(at, at + 40)));
    const [value, end] = readValue(text, at + type[0].length);
    if (value === '') throw invalid(`a value for ${type[1]}`, 'none');
    rdn.push([typeOf(type[1]!), value]);
    at = end + 1;
    if (text[end] === '+') continue;
    parts.push(rdn);
    rdn = [];
    if (end >= text.length) return parts;
  }
}

/** `S` stands for `ST` as well, as Notation has it. */
function typeOf(text: string): string {
  const name = text.toUpperCase();
  return name === 'S' ? 'ST' : (shortNames[name] ?? name);
}

/** A value from `start`, with its escapes undone, and where it ends (RFC 4514 section 3). */
function readValue(text: string, start: number): [string, number] {
  if (text[start] === '#') throw invalid('a value as text', 'one as hexadecimal');
  const bytes: Buffer[] = [];
  // where the value ends when unescaped blanks behind it do not count
  let kept = 0;
  let at = start;
  while (at < text.length && text[at] !== ',' && text[at] !== '+') {
    const char = String.fromCodePoint(text.codePointAt(at)!);
    if (/["<>;\0]/.test(char)) throw invalid(`\\${char} in a value`, char);
    if (char !== '\\') {
      bytes.push(Buffer.from(char));
      at += char.length;
      if (char !== ' ') kept = bytes.length;
      continue;
    }
    const sequence = /^\\(?:([0-9A-Fa-f]{2})|([ "#+,;<=>\\]))/.exec(text.slice(at, at + 3));
    if (sequence === null) throw invalid('an escape of RFC 4514', JSON.stringify(text.slice(at, at + 3)));
    bytes.push(sequence[1] === undefined ? Buffer.from(sequence[2]!) : Buffer.from(sequence[1], 'hex'));
    at += sequence[0].length;
    kept = bytes.length;
  }
  const value = Buffer.concat(bytes.slice(0, kept));
  const decoded = value.toString('utf8');
  if (!Buffer.from(decoded).equals(value)) throw invalid('a value in UTF-8', 'other bytes');
  return [decoded, at];
}

function invalid(expected: string, got: string): NotationFault {
  return new NotationFault('distinguished-name-invalid', `expected ${expected}, got ${got}`, {
    hint: 'Write it as "x509.subject: C=US, ST=WA, L=Seattle, O=example.com, OU=team"; a comma inside a value is \\,.',
  });
}
