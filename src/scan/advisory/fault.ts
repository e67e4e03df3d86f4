// What can go wrong with feeds and with the database file, for someone outside to act on.
import { Fault } from '../../core/index.ts';

export type AdvisoryFaultCode =
  /** A feed, EPSS or KEV cannot be fetched or opened. */
  | 'feed-unreachable'
  /** What was fetched is not what it should be: a truncated zip, a list that is none. */
  | 'feed-unreadable'
  /** The feed lists half of what it did, or less. */
  | 'feed-shrunk'
  /** No such feed there. */
  | 'feed-unknown'
  /** Another process updates the same database. */
  | 'update-locked'
  /** The database file is damaged or not one. */
  | 'database-unreadable';

export class AdvisoryFault extends Fault<AdvisoryFaultCode> {}
