// Sigstore's trusted root: the authorities, logs and timestamp authorities that count, each with its time
// (sigstore/protobuf-specs sigstore_trustroot.proto, client-spec.md section 2).
import { messageOf, parseJson } from '../../core/index.ts';
import { base64Of, type JsonObject, shapeOf } from '../../image/index.ts';
import { type Certificate, parseCertificate, type TimestampAuthority } from '../certificate/index.ts';
import { RootFault } from './fault.ts';
import { isUsable, readLog, type TrustedLog } from './log.ts';
import { readValidity, type Validity } from './validity.ts';

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
