// A throw-away certificate authority: real X.509 certificates, made with node:crypto and a few lines of DER
// (RFC 5280 section 4.1), so that tests of TLS need no other program.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface MadeCertificate {
  /** PEM. */
  cert: string;
  /** PEM, PKCS #8. */
  key: string;
}

export interface CertificateAuthority extends MadeCertificate {
  /** A server certificate for names and IP addresses. */
  issue(names: readonly string[]): MadeCertificate;
}

export interface CertificateTimes {
  notBefore?: Date;
  notAfter?: Date;
}

export function createAuthority(name = 'throw-away CA', times: CertificateTimes = {}): CertificateAuthority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const caExtensions = [
    // basicConstraints cA, and keyUsage keyCertSign
    extension('2.5.29.19', true, sequence(tlv(0x01, [0xff]))),
    extension('2.5.29.15', true, tlv(0x03, [0x02, 0x04])),
    extension('2.5.29.14', false, tlv(0x04, keyId(pair.publicKey))),
  ];
  const cert = certificate({
    subject: name,
    issuer: name,
    publicKey: pair.publicKey,
    signer: pair.privateKey,
    extensions: caExtensions,
    times,
  });
  return {
    cert,
    key: pem('PRIVATE KEY', pair.privateKey.export({ type: 'pkcs8', format: 'der' })),
    issue(names) {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const extensions = [
        extension('2.5.29.17', false, sequence(...names.map(generalName))),
        // extKeyUsage serverAuth
        extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))),
        extension('2.5.29.35', false, sequence(tlv(0x80, keyId(pair.publicKey)))),
      ];
      const made = certificate({
        subject: names[0] ?? '',
        issuer: name,
        publicKey: leaf.publicKey,
        signer: pair.privateKey,
        extensions,
        times,
      });
      return {
        cert: made,
        key: pem('PRIVATE KEY', leaf.privateKey.export({ type: 'pkcs8', format: 'der' })),
      };
    },
  };
}

interface CertificateParts {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  signer: KeyObject;
  extensions: Buffer[];
  times: CertificateTimes;
}

function certificate({ subject, issuer, publicKey, signer, extensions, times }: CertificateParts): string {
  const now = Date.now();
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  const body = sequence(
    tlv(0xa0, tlv(0x02, [2])),
    tlv(0x02, serial),
    algorithm,
    distinguishedName(issuer),
    sequence(
      time(times.notBefore ?? new Date(now - 3_600_000)),
      time(times.notAfter ?? new Date(now + 86_400_000)),
    ),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  return pem('CERTIFICATE', sequence(body, algorithm, tlv(0x03, [0, ...signature])));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [tlv(0x01, [0xff])] : []), tlv(0x04, value));
}

function generalName(name: string): Buffer {
  if (isIP(name) === 4) return tlv(0x87, name.split('.').map(Number));
  if (name === '::1') return tlv(0x87, [...Buffer.alloc(15), 1]);
  return tlv(0x82, Buffer.from(name, 'latin1'));
}

function distinguishedName(common: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(common)))));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** UTCTime to 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
function time(at: Date): Buffer {
  const text = `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
  return at.getUTCFullYear() < 2050 ? tlv(0x17, Buffer.from(text.slice(2))) : tlv(0x18, Buffer.from(text));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return tlv(0x06, [first * 40 + second, ...rest.flatMap(base128)]);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

function sequence(...parts: Uint8Array[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function tlv(tag: number, content: Uint8Array | readonly number[]): Buffer {
  const bytes = Buffer.from(content);
  if (bytes.length < 128) return Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
  const length = Buffer.from(
    bytes.length.toString(16).padStart(bytes.length > 0xffff ? 6 : bytes.length > 0xff ? 4 : 2, '0'),
    'hex',
  );
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, bytes]);
}

function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
