// Exceptions at work: which hold for an image today, and what is left of a rule's obstacles beside them.
import { endOfDay } from './duration.ts';
import type { Obstacle, Scene } from './part.ts';
import type { Exception } from './policy.ts';
import { selects } from './select.ts';
import type { HeldException } from './verdict.ts';

/** Exceptions for this image that have not run out. */
export function heldExceptions({ policy, facts, now }: Scene): Exception[] {
  return policy.exceptions.filter(
    (item) => selects(item, facts.reference, facts.labels) && endOfDay(item.expires) > now,
  );
}

/** Exceptions for this image that ran out, so that a person sees why it is denied since today. */
export function overdueExceptions({ policy, facts, now }: Scene): Exception[] {
  return policy.exceptions.filter(
    (item) => selects(item, facts.reference, facts.labels) && endOfDay(item.expires) <= now,
  );
}

/** An exception for a code lifts what is undecided by it, and advisories that are too old by now; nothing denied. */
export function liftedBy(item: Exception, { outcome, code }: Obstacle): boolean {
  if (item.undecided !== code) return false;
  return outcome === 'undecided' || code === 'database-stale';
}

export function heldOf({ rule, undecided, reason, author, expires }: Exception): HeldException {
  return { lifts: rule === undefined ? { undecided: undecided! } : { rule }, reason, author, expires };
}
