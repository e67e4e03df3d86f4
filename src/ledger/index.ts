// The engine of the record: one query layer over SQLite and PostgreSQL; books, jobs, outbox, audit.

export { type Generated, type Insertable, type Selectable, sql, type Updateable } from 'kysely';
export { type AuditEntry, type AuditQuery, listAudit, type RecordedEntry, record } from './audit.ts';
export { countEvents } from './countevents.ts';
export { type Deliver, type Delivery, type DeliveryOptions, startDelivery } from './delivery.ts';
export { enqueue } from './enqueue.ts';
export { enqueueAll, type KeyedJob } from './enqueueall.ts';
export {
  type Constraint,
  ConstraintError,
  isLedgerFault,
  LedgerFault,
  type LedgerFaultCode,
} from './fault.ts';
export { fence } from './fence.ts';
export type { JobEnd, JobHold, JobPayload, LeasedJob, NewJob } from './job.ts';
export { countJobs, dropJob, type JobQuery, type ListedJob, listJobs, reviveJob } from './jobs.ts';
export type { Book, Dialect, Ledger, Migration, Read, Write } from './ledger.ts';
export { type LedgerOptions, openLedger } from './open.ts';
export { type EventQuery, listEvents, type NewEvent, type PostedEvent, post, replay } from './outbox.ts';
export type { LedgerLog } from './own.ts';
export { finish } from './settle.ts';
export { runStatements, type TableWords, tableWords } from './tablewords.ts';
export { type AuditAnswer, type AuditEnd, verifyAudit } from './verifyaudit.ts';
export { type JobHandler, startWorkers, type Workers, type WorkersOptions } from './workers.ts';
export { afterCommit } from './writing.ts';
