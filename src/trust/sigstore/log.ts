// Whether a trusted transparency log holds the signature, and since when (client-spec.md section 4.1.4).
import { verify } from 'node:crypto';
import { Rejection } from '../evidence/index.ts';
import { isWithin, type SigstoreRoot, type TrustedLog } from '../root/index.ts';
import { verifyCheckpoint } from './checkpoint.ts';
import type { LogEntry, SignedEntity } from './entity.ts';
import { checkBody, type Verifier } from './logbody.ts';
import { leafHash, rootFrom } from './merkle.ts';

export interface Logged {
  /** Ids of the logs, each once: a log that is named twice is one log. */
  logs: Set<string>;
  /** Ms since 1970 that a log promised. */
  times: number[];
}

/**
 * Verifies every entry of a log that the root knows; entries of strangers say nothing. Throws Rejection
 * `log-entry-other` or `log-proof-wrong` for an entry that is not about this signature, not proven, or made outside the
 * time in which its log counts. `otherwise`: ms since 1970 at which an entry without a promised time was made.
 */
export function verifyEntries(
  entity: SignedEntity,
  verifier: Verifier,
  root: SigstoreRoot,
  otherwise: readonly number[],
): Logged {
  const found: Logged = { logs: new Set(), times: [] };
  for (const entry of entity.entries) {
    const logs = root.transparencyLogs.filter((log) => isLogOf(entry, log));
    if (logs.length === 0) continue;
    checkBody(entry.body, entity, verifier);
    const time = proveEntry(entry, logs, otherwise);
    found.logs.add(entry.logId);
    if (time !== undefined) found.times.push(time);
  }
  return found;
}

function isLogOf({ logId }: LogEntry, { id }: TrustedLog): boolean {
  return (
    logId === id || (logId.length === 8 && id.startsWith(logId)) || (id.length === 8 && logId.startsWith(id))
  );
}

/** Ms since 1970 that a calendar can hold: a log that counts without end could promise more. */
const latest = 8.64e15;

/** Ms since 1970 where the log promised a time. */
function proveEntry(
  entry: LogEntry,
  logs: readonly TrustedLog[],
  otherwise: readonly number[],
): number | undefined {
  let reason = new Rejection(
    'log-proof-wrong',
    'expected a promise or a proof of inclusion in the log entry, got neither',
  );
  for (const log of logs) {
    try {
      if (entry.proof !== undefined) checkInclusion(entry, entry.proof, log);
      if (entry.promise === undefined) {
        if (entry.proof === undefined) throw reason;
        if (!otherwise.every((at) => isWithin(log.validFor, at))) throw outside();
        return undefined;
      }
      checkPromise(entry, entry.promise, log);
      const time = entry.integratedTime * 1000;
      if (!isWithin(log.validFor, time) || time > latest) throw outside();
      return time;
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      reason = error;
    }
  }
  throw reason;
}

function outside(): Rejection {
  return new Rejection(
    'log-proof-wrong',
    'expected an entry made while the log counts, got one outside its time',
  );
}

function checkInclusion(entry: LogEntry, proof: NonNullable<LogEntry['proof']>, log: TrustedLog): void {
  const checkpoint = verifyCheckpoint(proof.checkpoint, log);
  const root = rootFrom(leafHash(entry.body), proof.index, checkpoint.size, proof.hashes);
  if (root === undefined || !root.equals(checkpoint.root))
    throw new Rejection(
      'log-proof-wrong',
      'expected a path from the entry to the root that the log signed, got one to another root',
    );
}

/** Over the entry with its keys in order, without spaces (RFC 8785); the time is only as good as this signature. */
function checkPromise(entry: LogEntry, promise: Buffer, log: TrustedLog): void {
  const { body, integratedTime, logId, logIndex } = entry;
  const signed = `{"body":"${body.toString('base64')}","integratedTime":${integratedTime},"logID":"${logId}","logIndex":${logIndex}}`;
  const digest = log.key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  if (!verify(digest, Buffer.from(signed), log.key, promise))
    throw new Rejection(
      'log-proof-wrong',
      'expected a promise signed by the log, got one that it did not sign',
    );
}
