// The audit trail: each row's hash covers its content and the hash before it, so that no row changes or goes unnoticed.
import { createHash } from 'node:crypto';
import { type AuditRow, type AuditTables, ofAudit } from './auditbook.ts';
import { payloadText } from './enqueue.ts';
import type { Ledger, Write } from './ledger.ts';
import { writingOf } from './writing.ts';

export interface AuditEntry {
  /** A person's identity, `seaworthy` itself, or an agent. */
  actor: string;
  /** `policy.set`, `hold.release`, … */
  action: string;
  /** What it was done to. */
  subject: string;
  detail: Readonly<Record<string, unknown>>;
}

export interface RecordedEntry extends AuditEntry {
  seq: number;
  /** Ms since 1970. */
  at: number;
  /** 64 hexadecimal digits. */
  hash: string;
}

/** Adds an entry with the change it tells of, in one transaction. */
export async function record<T>(write: Write<T>, entry: AuditEntry): Promise<void> {
  const { ledger } = writingOf();
  const audit = ofAudit(write);
  let last = audit.selectFrom('ledger_audit_end').select(['seq', 'hash']);
  if (ledger.dialect === 'postgres') last = last.forUpdate();
  const before = await last.executeTakeFirstOrThrow();
  // what a database would keep as another text would not be found to be what was hashed
  const row = {
    seq: before.seq + 1,
    at: ledger.clock.now().getTime(),
    actor: entry.actor.toWellFormed(),
    action: entry.action.toWellFormed(),
    subject: entry.subject.toWellFormed(),
    detail: payloadText(entry.detail),
  };
  const hash = hashOf(before.hash, row);
  await audit
    .insertInto('ledger_audit')
    .values({ ...row, hash })
    .execute();
  await audit.updateTable('ledger_audit_end').set({ seq: row.seq, hash }).execute();
}

export interface AuditQuery {
  actor?: string;
  action?: string;
  subject?: string;
  /** Ms since 1970: from, inclusive, and up to, exclusive. */
  since?: number;
  until?: number;
  /** Only those before this `seq`: the next page. */
  before?: number;
  /** 100 when left out, 1,000 at most. */
  limit?: number;
}

/** The newest first. */
export async function listAudit(ledger: Ledger, query: AuditQuery = {}): Promise<RecordedEntry[]> {
  let entries = ledger.read<AuditTables>().selectFrom('ledger_audit').selectAll();
  for (const name of ['actor', 'action', 'subject'] as const)
    if (query[name] !== undefined) entries = entries.where(name, '=', query[name]);
  if (query.since !== undefined) entries = entries.where('at', '>=', query.since);
  if (query.until !== undefined) entries = entries.where('at', '<', query.until);
  if (query.before !== undefined) entries = entries.where('seq', '<', query.before);
  const rows = await entries
    .orderBy('seq', 'desc')
    .limit(Math.min(query.limit ?? 100, 1000))
    .execute();
  return rows.map(entryOf);
}

function entryOf({ detail, hash, ...row }: AuditRow): RecordedEntry {
  return {
    ...row,
    detail: JSON.parse(detail) as Record<string, unknown>,
    hash: Buffer.from(hash).toString('hex'),
  };
}

/** SHA-256 over the hash before it and a JSON array of the columns in the order of the table. */
export function hashOf(before: Uint8Array, row: Omit<AuditRow, 'hash'>): Uint8Array {
  const content = JSON.stringify([row.seq, row.at, row.actor, row.action, row.subject, row.detail]);
  return new Uint8Array(createHash('sha256').update(before).update(content, 'utf8').digest());
}
