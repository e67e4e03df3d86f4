// The audit trail: each row's hash covers its content and the hash before it, so that no row changes or goes unnoticed.
import { createHash } from 'node:crypto';
import { type AuditRow, type AuditTables, ofAudit } from './auditbook.ts';
import { payloadText } from './enqueue.ts';
import type { Ledger, Write } from './ledger.ts';
import { type OwnLedger, ownOf } from './own.ts';
import { soon } from './soon.ts';
import { afterCommit, writingOf } from './writing.ts';

const PAGE = 500;

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

type NewRow = Omit<AuditRow, 'seq' | 'hash'>;

/**
 * Adds an entry with the change it tells of, in one transaction. On PostgreSQL it becomes part of the chain right after:
 * the end of the chain is one row, and all but one of those who change it at a time would have to begin anew.
 */
export async function record<T>(write: Write<T>, entry: AuditEntry): Promise<void> {
  const { ledger } = writingOf();
  const row: NewRow = {
    at: ledger.clock.now().getTime(),
    // what a database would keep as another text would not be found to be what was hashed
    actor: entry.actor.toWellFormed(),
    action: entry.action.toWellFormed(),
    subject: entry.subject.toWellFormed(),
    detail: payloadText(entry.detail),
  };
  if (ledger.dialect === 'sqlite') return append(write, [row]);
  await ofAudit(write).insertInto('ledger_audit_new').values(row).execute();
  // nobody waits for it: who lists or verifies chains what is left first
  afterCommit(() => void chainSoon(ledger));
}

function chainSoon(ledger: OwnLedger): Promise<void> {
  return soon(ledger, 'audit trail', chainNew);
}

/** Makes what was recorded part of the chain, should a crash have come between. */
export async function chainLeft(ledger: Ledger): Promise<void> {
  const waits = () =>
    ledger.read<AuditTables>().selectFrom('ledger_audit_new').select('id').limit(1).executeTakeFirst();
  while (await waits()) await ownOf(ledger).writeAs('read committed', chainNew);
}

async function chainNew<T>(write: Write<T>): Promise<void> {
  const audit = ofAudit(write);
  // one at a time; the next statement sees what the one before committed
  await audit.selectFrom('ledger_audit_end').select('seq').forUpdate().executeTakeFirstOrThrow();
  const rows = await audit.selectFrom('ledger_audit_new').selectAll().orderBy('id').limit(PAGE).execute();
  if (rows.length === 0) return;
  await append(
    write,
    rows.map(({ id: _, ...row }) => row),
  );
  const ids = rows.map(({ id }) => id);
  await audit.deleteFrom('ledger_audit_new').where('id', 'in', ids).execute();
}

async function append<T>(write: Write<T>, rows: readonly NewRow[]): Promise<void> {
  const audit = ofAudit(write);
  let { seq, hash } = await audit
    .selectFrom('ledger_audit_end')
    .select(['seq', 'hash'])
    .executeTakeFirstOrThrow();
  const chained: AuditRow[] = [];
  for (const row of rows) {
    seq++;
    hash = hashOf(hash, { seq, ...row });
    chained.push({ seq, ...row, hash });
  }
  await audit.insertInto('ledger_audit').values(chained).execute();
  await audit.updateTable('ledger_audit_end').set({ seq, hash }).execute();
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
  await chainLeft(ledger);
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
