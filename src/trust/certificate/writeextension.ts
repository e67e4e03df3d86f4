// What a certificate that is made says beside name and key: extensions in DER (RFC 5280 section 4.2).
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { sequence, writeDer, writeInteger, writeOid } from './write.ts';

export function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(
    writeOid(id),
    ...(critical ? [writeDer(0x01, Buffer.from([0xff]))] : []),
    writeDer(0x04, value),
  );
}

export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Buffer {
  return extension(
    '2.5.29.19',
    critical,
    sequence(
      ...(ca ? [writeDer(0x01, Buffer.from([0xff]))] : []),
      ...(pathLength === undefined ? [] : [writeInteger(Buffer.from([pathLength]))]),
    ),
  );
}

/** Bits by number: 0 digitalSignature, 5 keyCertSign, 6 cRLSign. */
export function keyUsage(set: readonly number[], critical = true): Buffer {
  let value = 0;
  for (const bit of set) value |= 0x80 >> bit;
  const unused = value === 0 ? 0 : Math.log2(value & -value);
  return extension('2.5.29.15', critical, writeDer(0x03, Buffer.from([unused, value])));
}

export const purposes = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const;

export function extendedKeyUsage(oids: readonly string[], critical = false): Buffer {
  return extension('2.5.29.37', critical, sequence(...oids.map(writeOid)));
}

export function subjectKeyId(key: KeyObject): Buffer {
  return extension('2.5.29.14', false, writeDer(0x04, keyId(key)));
}

export function authorityKeyId(key: KeyObject): Buffer {
  return extension('2.5.29.35', false, sequence(writeDer(0x80, keyId(key))));
}

/** SHA-1 of the key's bits (RFC 5280 section 4.2.1.2). */
function keyId(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** Names and addresses a server answers to. */
export function dnsNames(names: readonly string[]): Buffer {
  const general = (name: string) =>
    isAddress(name)
      ? writeDer(0x87, Buffer.from(name.split('.').map(Number)))
      : writeDer(0x82, Buffer.from(name, 'latin1'));
  return extension('2.5.29.17', false, sequence(...names.map(general)));
}

/** IPv4; addresses of other kinds are given names. */
function isAddress(name: string): boolean {
  return /^(?:\d{1,3}\.){3}\d{1,3}$/.test(name);
}
