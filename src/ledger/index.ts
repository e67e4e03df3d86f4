// The engine of the record: one query layer over SQLite and PostgreSQL; books, jobs, outbox, audit.

export type { JobEnd, JobPayload, LeasedJob, NewJob } from './job.ts';
export type { Book, Dialect, Ledger, Migration, Read, Write } from './ledger.ts';
