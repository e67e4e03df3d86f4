// What a log entry says was signed: it has to be this signature, by this key, over these bytes (client-spec.md
// section 4.1.4; CVE-2022-36056, CVE-2026-22703: an entry of somebody else's signature proves nothing).
import { createHash } from 'node:crypto';
import { parseJson } from '../../core/index.ts';
import { base64Of, type JsonObject, shapeOf } from '../../image/index.ts';
import { Rejection } from '../evidence/index.ts';
import type { SignedEntity } from './entity.ts';

/** The key or certificate that the entity is verified with. */
export interface Verifier {
  /** SubjectPublicKeyInfo, DER. */
  spki: Buffer;
  certificate?: Buffer;
}

const shape = shapeOf('statement-invalid');

/** Throws Rejection `log-entry-other` unless the body is about this signature, key and content. */
export function checkBody(body: Buffer, entity: SignedEntity, verifier: Verifier): void {
  const entry = shape.object(parseJson(body.toString('utf8')), 'the log entry');
  const kind = `${shape.text(entry['kind'], 'kind')} ${shape.text(entry['apiVersion'], 'apiVersion')}`;
  const spec = shape.object(entry['spec'], 'spec');
  const read = readers[kind];
  if (read === undefined) throw other('an entry of a known kind', kind.slice(0, 60));
  const said = read(spec);
  const wanted = said.of === 'envelope payload' ? payloadOf(entity) : entity.signed;
  if (!said.digest.equals(createHash('sha256').update(wanted).digest()))
    throw other('the digest of what was signed', 'another');
  if (!said.signature.equals(entity.signature)) throw other('this signature', 'another');
  if (!isSameKey(said.key, verifier)) throw other('the key or certificate of the signature', 'another');
}

interface Said {
  of: 'signed bytes' | 'envelope payload';
  digest: Buffer;
  signature: Buffer;
  /** DER of a certificate or key. */
  key: Buffer;
}

const readers: Readonly<Record<string, (spec: JsonObject) => Said>> = {
  'hashedrekord 0.0.1'(spec) {
    const signature = shape.object(spec['signature'], 'signature');
    return {
      of: 'signed bytes',
      digest: hexDigest(shape.object(shape.object(spec['data'], 'data')['hash'], 'hash')),
      signature: base64Of(signature['content'], 'content'),
      key: pemBytes(shape.object(signature['publicKey'], 'publicKey')['content']),
    };
  },
  'hashedrekord 0.0.2'(spec) {
    const record = shape.object(spec['hashedRekordV002'], 'hashedRekordV002');
    const signature = shape.object(record['signature'], 'signature');
    return {
      of: 'signed bytes',
      digest: rawDigest(shape.object(record['data'], 'data')),
      signature: base64Of(signature['content'], 'content'),
      key: verifierBytes(signature['verifier']),
    };
  },
  'dsse 0.0.1'(spec) {
    const signature = onlyOne(spec['signatures']);
    return {
      of: 'envelope payload',
      digest: hexDigest(shape.object(spec['payloadHash'], 'payloadHash')),
      signature: base64Of(signature['signature'], 'signature'),
      key: pemBytes(signature['verifier']),
    };
  },
  'dsse 0.0.2'(spec) {
    const record = shape.object(spec['dsseV002'], 'dsseV002');
    const signature = onlyOne(record['signatures']);
    return {
      of: 'envelope payload',
      digest: rawDigest(shape.object(record['payloadHash'], 'payloadHash')),
      signature: base64Of(signature['content'], 'content'),
      key: verifierBytes(signature['verifier']),
    };
  },
  'intoto 0.0.2'(spec) {
    const content = shape.object(spec['content'], 'content');
    const signature = onlyOne(shape.object(content['envelope'], 'envelope')['signatures']);
    return {
      of: 'envelope payload',
      digest: hexDigest(shape.object(content['payloadHash'], 'payloadHash')),
      // base64 of base64, as that kind keeps it
      signature: base64Of(base64Of(signature['sig'], 'sig').toString('latin1'), 'sig'),
      key: pemBytes(signature['publicKey']),
    };
  },
};

function payloadOf({ content }: SignedEntity): Buffer {
  if (content.kind !== 'envelope') throw other('an entry of a signature', 'one of an envelope');
  return content.envelope.payload;
}

function onlyOne(value: unknown): JsonObject {
  const list = shape.list(value, 'signatures', 16);
  if (list.length !== 1) throw other('an entry of one signature', `one of ${list.length}`);
  return shape.object(list[0], 'signatures[]');
}

function hexDigest(hash: JsonObject): Buffer {
  if (hash['algorithm'] !== 'sha256') throw other('a SHA-256 digest', 'another');
  const text = shape.text(hash['value'], 'value');
  if (!/^[0-9a-f]{64}$/.test(text)) throw other('a SHA-256 digest', 'other text');
  return Buffer.from(text, 'hex');
}

function rawDigest(data: JsonObject): Buffer {
  if (data['algorithm'] !== 'SHA2_256') throw other('a SHA-256 digest', 'another');
  return base64Of(data['digest'], 'digest');
}

function verifierBytes(value: unknown): Buffer {
  const verifier = shape.object(value, 'verifier');
  const held = verifier['x509Certificate'] ?? verifier['publicKey'];
  return base64Of(shape.object(held, 'verifier')['rawBytes'], 'rawBytes');
}

function pemBytes(value: unknown): Buffer {
  const text = base64Of(value, 'publicKey').toString('latin1');
  const inner = /-----BEGIN (?:CERTIFICATE|PUBLIC KEY)-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1];
  if (inner === undefined) throw other('a certificate or key in PEM', 'other bytes');
  return Buffer.from(inner, 'base64');
}

function isSameKey(key: Buffer, { spki, certificate }: Verifier): boolean {
  return certificate === undefined ? key.equals(spki) : key.equals(certificate);
}

function other(expected: string, got: string): Rejection {
  return new Rejection('log-entry-other', `expected ${expected} in the log entry, got ${got}`);
}
