// What a log signed its size and root with: a signed note (transparency-dev/formats log/README.md, C2SP signed-note).
import { createHash, verify } from 'node:crypto';
import { Rejection } from '../evidence/index.ts';
import type { TrustedLog } from '../root/index.ts';

export interface Checkpoint {
  origin: string;
  size: bigint;
  root: Buffer;
}

const largest = 64 << 10;
const mostSignatures = 32;

/** The checkpoint, once a signature of it is by this very log. Throws Rejection `log-proof-wrong`. */
export function verifyCheckpoint(note: string, log: TrustedLog): Checkpoint {
  if (note.length > largest) throw wrong('a checkpoint', 'a longer text');
  const split = note.indexOf('\n\n');
  if (split < 0) throw wrong('a signed checkpoint', 'text without signatures');
  const text = note.slice(0, split + 1);
  const lines = note
    .slice(split + 2)
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length > mostSignatures)
    throw wrong(`at most ${mostSignatures} signatures`, String(lines.length));
  if (!lines.some((line) => isSignedBy(line, text, log)))
    throw wrong(`a checkpoint signed by ${log.baseUrl || log.id}`, 'one that it did not sign');
  const [origin = '', size = '', root = ''] = text.split('\n');
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(size))
    throw wrong('a size in the checkpoint', JSON.stringify(size.slice(0, 30)));
  return { origin, size: BigInt(size), root: Buffer.from(root, 'base64') };
}

function isSignedBy(line: string, text: string, log: TrustedLog): boolean {
  const [, name = '', base64 = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < 5 || !isNameOf(name, log.baseUrl)) return false;
  if (!hintsOf(name, log).some((hint) => hint.equals(bytes.subarray(0, 4)))) return false;
  const digest = log.key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(digest, Buffer.from(text), log.key, bytes.subarray(4));
}

/** The name is compared whole with the log's address: a part of it would let one log speak for another. */
function isNameOf(name: string, baseUrl: string): boolean {
  const url = URL.parse(baseUrl);
  if (url === null) return baseUrl === '' || name === baseUrl;
  const path = url.pathname.replace(/\/$/, '');
  return name === `${url.host}${path}` || name === `${url.hostname}${path}`;
}

/** Key hints: of the log id, of the key as RFC 6962 hashes it, and of an Ed25519 note key. */
function hintsOf(name: string, log: TrustedLog): Buffer[] {
  const hints = [
    createHash('sha256').update(log.spki).digest().subarray(0, 4),
    Buffer.from(log.id, 'hex').subarray(0, 4),
  ];
  if (log.key.asymmetricKeyType === 'ed25519')
    hints.push(
      createHash('sha256').update(`${name}\n\u0001`).update(log.spki.subarray(-32)).digest().subarray(0, 4),
    );
  return hints;
}

function wrong(expected: string, got: string): Rejection {
  return new Rejection('log-proof-wrong', `expected ${expected}, got ${got}`);
}
