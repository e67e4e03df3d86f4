// The times at which trusted logs and timestamp authorities saw a signature (client-spec.md sections 4.1.3 and 4.1.4).
import { isFault } from '../../core/index.ts';
import { verifyTimestamp } from '../certificate/index.ts';
import { type KeyAuthority, Rejection } from '../evidence/index.ts';
import type { SigstoreRoot } from '../root/index.ts';
import type { SignedEntity } from './entity.ts';
import { verifyEntries } from './log.ts';

/** Ms since 1970 at which trusted logs and timestamp authorities saw this very signature. */
export function provenTimes(
  entity: SignedEntity,
  verifier: Parameters<typeof verifyEntries>[1],
  root: SigstoreRoot | undefined,
  proofs: KeyAuthority['proofs'],
  now: number,
): number[] {
  if (root === undefined) {
    if (proofs.log || proofs.timestamp)
      throw new Rejection(
        'trust-root-unusable',
        'expected a trust root to judge log and timestamp by, got none',
      );
    return [];
  }
  const stamped: number[] = [];
  let reason: string | undefined;
  for (const timestamp of entity.timestamps) {
    try {
      stamped.push(verifyTimestamp(timestamp, entity.timestamped, root.timestampAuthorities).time);
    } catch (error) {
      if (!isFault(error)) throw error;
      reason = error.message;
    }
  }
  // an entry that tells no time itself was made when the timestamps say, or else may be of this moment
  const logged = verifyEntries(entity, verifier, root, stamped.length > 0 ? stamped : [now]);
  if (proofs.log && logged.logs.size === 0)
    throw new Rejection('log-missing', 'expected an entry of a trusted transparency log, got none');
  if (stamped.length === 0 && reason !== undefined && (proofs.timestamp || logged.times.length === 0))
    if (proofs.timestamp || proofs.log) throw new Rejection('timestamp-wrong', reason);
  if (proofs.timestamp && stamped.length === 0)
    throw new Rejection('timestamp-missing', 'expected a timestamp of a trusted authority, got none');
  return [...logged.times, ...stamped];
}
