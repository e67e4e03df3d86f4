// Sigstore's trusted root: the authorities, logs and timestamp authorities that count, each with its time
// (sigstore/protobuf-specs sigstore_trustroot.proto, client-spec.md section 2).
import { createPublicKey, type KeyObject } from 'node:crypto';
import { messageOf, parseJson } from '../../core/index.ts';
import { base64Of, type JsonObject, shapeOf } from '../../image/index.ts';
import { type Certificate, parseCertificate, type TimestampAuthority } from '../certificate/index.ts';
import { RootFault } from './fault.ts';

/** Ms since 1970; the end is open where there is none. */
export interface Validity {
  start: number;
  end: number;
}

export interface TrustedLog {
  /** Lower-case hexadecimal of the log id: SHA-256 of the key, or a checkpoint key id. */
  id: string;
  key: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  spki: Buffer;
  baseUrl: string;
  validFor: Validity;
}

export interface TrustedAuthority {
  roots: Certificate[];
  intermediates: Certificate[];
  validFor: Validity;
}

export interface SigstoreRoot {
  authorities: TrustedAuthority[];
  transparencyLogs: TrustedLog[];
  certificateLogs: TrustedLog[];
  timestampAuthorities: TimestampAuthority[];
}

const shape = shapeOf('statement-invalid');
const most = 100;
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

/** Parses trusted_root.json. Throws RootFault `trusted-root-invalid`. */
export function parseTrustedRoot(text: string): SigstoreRoot {
  try {
    const root = shape.object(parseJson(text), 'the trusted root');
    const type = shape.text(root['mediaType'], 'mediaType');
    if (!/^application\/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=0\.1|\.v0\.[12]\+json)$/.test(type))
      throw new Error(
        `expected a trusted root of version 0.1 or 0.2, got ${JSON.stringify(type.slice(0, 100))}`,
      );
    return {
      authorities: each(root, 'certificateAuthorities', readAuthority),
      transparencyLogs: each(root, 'tlogs', readLog).filter(isUsable),
      certificateLogs: each(root, 'ctlogs', readLog).filter(isUsable),
      timestampAuthorities: each(root, 'timestampAuthorities', readTimestampAuthority),
    };
  } catch (cause) {
    throw new RootFault(
      'trusted-root-invalid',
      `expected Sigstore's trusted_root.json, got one that is damaged: ${messageOf(cause)}`,
      {
        cause,
        hint: 'Fetch it again with seaworthy trust update, or name a file with --trust-root.',
      },
    );
  }
}

function each<Item>(root: JsonObject, name: string, read: (item: JsonObject, path: string) => Item): Item[] {
  return shape
    .list(root[name], name, most)
    .map((item, at) => read(shape.object(item, `${name}[${at}]`), `${name}[${at}]`));
}

function readAuthority(item: JsonObject, path: string): TrustedAuthority {
  const certificates = readChain(item, path);
  return {
    roots: certificates.slice(-1),
    intermediates: certificates.slice(0, -1),
    validFor: readValidity(item['validFor'], `${path}.validFor`),
  };
}

function readTimestampAuthority(item: JsonObject, path: string): TimestampAuthority {
  const certificates = readChain(item, path);
  const { start, end } = readValidity(item['validFor'], `${path}.validFor`);
  const leaf = certificates.find(({ ca, extendedKeyUsage }) => ca !== true && extendedKeyUsage !== undefined);
  return {
    roots: certificates.slice(-1),
    intermediates: certificates.slice(0, -1).filter((certificate) => certificate !== leaf),
    ...(leaf === undefined ? {} : { leaf }),
    validFrom: start,
    validTo: end,
  };
}

function readChain(item: JsonObject, path: string): Certificate[] {
  const chain = shape.object(item['certChain'], `${path}.certChain`);
  const certificates = shape.list(chain['certificates'], `${path}.certificates`, 16);
  if (certificates.length === 0) throw new Error(`expected certificates in ${path}, got none`);
  return certificates.map((entry) =>
    parseCertificate(base64Of(shape.object(entry, path)['rawBytes'], 'rawBytes')),
  );
}

function readLog(item: JsonObject, path: string): TrustedLog {
  const key = shape.object(item['publicKey'], `${path}.publicKey`);
  const spki = base64Of(key['rawBytes'], `${path}.rawBytes`);
  const id = shape.object(item['logId'], `${path}.logId`);
  return {
    id: base64Of(id['keyId'], `${path}.keyId`).toString('hex'),
    key: readKey(spki, shape.text(key['keyDetails'], `${path}.keyDetails`)),
    spki,
    baseUrl: shape.optionalText(item['baseUrl'], `${path}.baseUrl`) ?? '',
    validFor: readValidity(key['validFor'], `${path}.publicKey.validFor`),
  };
}

function readKey(bytes: Buffer, details: string): KeyObject {
  const type = details.startsWith('PKCS1_RSA') ? 'pkcs1' : 'spki';
  return createPublicKey({ key: bytes, format: 'der', type });
}

/** A log with a key that is weak, or of a kind that nothing here verifies by, vouches for nothing: it is left out. */
function isUsable({ key: { asymmetricKeyType: type, asymmetricKeyDetails: details } }: TrustedLog): boolean {
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= 2048;
  if (type === 'ec') return curves.includes(details?.namedCurve ?? '');
  return type === 'ed25519';
}

/** A log or authority that counts since ever would vouch for what was made before it existed: the start is required. */
function readValidity(value: unknown, path: string): Validity {
  const { start, end } = shape.object(value, path);
  return {
    start: readInstant(start, `${path}.start`),
    end: end === undefined || end === null ? Number.POSITIVE_INFINITY : readInstant(end, `${path}.end`),
  };
}

function readInstant(value: unknown, path: string): number {
  const at = Date.parse(shape.text(value, path));
  if (Number.isNaN(at)) throw new Error(`expected a time in ${path}, got ${JSON.stringify(value)}`);
  return at;
}

export function isWithin({ start, end }: Validity, at: number): boolean {
  return at >= start && at <= end;
}
