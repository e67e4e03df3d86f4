// The fields of a tar header block (POSIX.1-2017 ustar and pax interchange formats, GNU tar's extensions).
import { ImageFault } from './fault.ts';

/** Octal, or base-256 when the first bit is set (GNU). Throws `tar-corrupt` for anything else or > 2^53. */
export function readNumber(data: Buffer, at: number, length: number): number {
  if (data[at]! & 0x80) return readBase256(data, at, length);
  let value = 0;
  let digits = 0;
  for (let i = at; i < at + length; i++) {
    const char = data[i]!;
    if (char >= 0x30 && char <= 0x37) {
      value = value * 8 + (char - 0x30);
      digits++;
    } else if ((char === 0x20 || char === 0) && digits === 0) continue;
    else if (char === 0 || char === 0x20) break;
    else throw new ImageFault('tar-corrupt', `expected an octal number in a tar header, got byte ${char}`);
  }
  return value;
}

function readBase256(data: Buffer, at: number, length: number): number {
  if (data[at]! & 0x40)
    throw new ImageFault('tar-corrupt', 'expected a size of zero or more, got a negative one');
  let value = data[at]! & 0x3f;
  for (let i = at + 1; i < at + length; i++) value = value * 256 + data[i]!;
  if (!Number.isSafeInteger(value))
    throw new ImageFault('tar-corrupt', 'expected a size below 2^53 bytes, got a larger one');
  return value;
}

/** Text up to the first NUL; invalid UTF-8 becomes U+FFFD, as no package path holds any. */
export function readText(data: Buffer, at: number, length: number): string {
  let end = at;
  let ascii = true;
  while (end < at + length && data[end] !== 0 && data[end] !== undefined) {
    if (data[end]! >= 0x80) ascii = false;
    end++;
  }
  return ascii ? data.toString('latin1', at, end) : data.toString('utf8', at, end);
}

/** The sum of all bytes with the checksum field taken as spaces; old writers summed signed bytes. */
export function verifyChecksum(data: Buffer, at: number): void {
  const expected = readNumber(data, at + 148, 8);
  let sum = 256;
  let signed = 0;
  for (let i = at; i < at + 148; i++) {
    const byte = data[i]!;
    sum += byte;
    if (byte > 127) signed++;
  }
  for (let i = at + 156; i < at + 512; i++) {
    const byte = data[i]!;
    sum += byte;
    if (byte > 127) signed++;
  }
  if (sum !== expected && sum - 256 * signed !== expected)
    throw new ImageFault('tar-corrupt', `expected a tar header with checksum ${expected}, got one of ${sum}`);
}

/** `LENGTH KEY=VALUE\n` records of a pax header. */
export function paxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= space - at + 1 || at + length > bytes.length)
      throw new ImageFault('tar-corrupt', 'expected a pax record with its length, got something else');
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (equals <= 0) throw new ImageFault('tar-corrupt', 'expected KEY=VALUE in a pax record, got no key');
    const value = record.slice(equals + 1);
    if (value.includes('\0'))
      throw new ImageFault('tar-corrupt', 'expected a pax value without NUL, got one with');
    records.set(record.slice(0, equals), value);
    at += length;
  }
  return records;
}

/**
 * A path as a runtime applies it below the image's root: absolute names and `..` stay inside
 * (CVE-2019-14271's family came from joining them unresolved).
 */
export function cleanPath(raw: string): string {
  if (isClean(raw)) return raw.endsWith('/') ? raw.slice(0, -1) : raw;
  const parts: string[] = [];
  for (const part of raw.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

function isClean(raw: string): boolean {
  if (raw.length === 0 || raw.charCodeAt(0) === 0x2f || raw.charCodeAt(0) === 0x2e) return false;
  return !raw.includes('//') && !raw.includes('/.');
}
