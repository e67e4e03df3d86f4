// Walks the audit trail and says whether every row is the one that was written.
import { chainLeft, hashOf } from './audit.ts';
import type { AuditTables } from './auditbook.ts';
import type { Ledger } from './ledger.ts';

export interface AuditEnd {
  seq: number;
  /** 64 hexadecimal digits. */
  hash: string;
}

export interface AuditAnswer {
  /** Rows that were found to be what was written. */
  entries: number;
  /** Where the trail ends; kept elsewhere it shows later that nothing up to here was written anew. */
  end: AuditEnd;
  /** The first row that is not as it was written, or is missing. */
  broken?: { seq: number; reason: string };
}

const PAGE = 1000;

/**
 * `known` is an end that an earlier answer gave. Without one it is found when rows were changed or taken away, but not
 * when somebody with all rights in the database wrote the whole trail anew.
 */
export async function verifyAudit(ledger: Ledger, known?: AuditEnd): Promise<AuditAnswer> {
  await chainLeft(ledger);
  const audit = ledger.read<AuditTables>();
  const last = await audit.selectFrom('ledger_audit_end').selectAll().executeTakeFirst();
  const end = { seq: last?.seq ?? 0, hash: hex(last?.hash ?? new Uint8Array(32)) };
  let hash: Uint8Array = new Uint8Array(32);
  let seq = 0;
  const broken = (at: number, reason: string): AuditAnswer => ({
    entries: at - 1,
    end,
    broken: { seq: at, reason },
  });
  if (last === undefined) return broken(1, 'the end of the trail is missing');
  for (;;) {
    const rows = await audit
      .selectFrom('ledger_audit')
      .selectAll()
      .where('seq', '>', seq)
      .where('seq', '<=', end.seq)
      .orderBy('seq')
      .limit(PAGE)
      .execute();
    for (const row of rows) {
      if (row.seq !== seq + 1) return broken(seq + 1, 'it is missing');
      seq = row.seq;
      const expected = hashOf(hash, row);
      if (hex(expected) !== hex(row.hash)) return broken(seq, 'its content is not what its hash covers');
      if (known?.seq === seq && known.hash !== hex(row.hash))
        return broken(seq, 'its hash is not the one that was noted');
      hash = row.hash;
    }
    if (rows.length < PAGE) break;
  }
  if (seq < end.seq) return broken(seq + 1, 'it is missing');
  if (hex(hash) !== end.hash)
    return broken(seq + 1, 'the trail does not end with the hash that was noted last');
  if (known !== undefined && known.seq > seq) return broken(seq + 1, 'it is missing, and was noted once');
  const stray = await strayRow(ledger);
  if (stray !== undefined) return broken(stray, 'it is no row of the trail');
  return { entries: seq, end };
}

/** A row outside of the trail; what is recorded meanwhile moves the end in the same transaction. */
async function strayRow(ledger: Ledger): Promise<number | undefined> {
  const audit = ledger.read<AuditTables>();
  const { first, most } = await audit
    .selectFrom('ledger_audit')
    .select(({ fn }) => [fn.min<number | null>('seq').as('first'), fn.max<number | null>('seq').as('most')])
    .executeTakeFirstOrThrow();
  const { seq } = await audit.selectFrom('ledger_audit_end').select('seq').executeTakeFirstOrThrow();
  if (first !== null && first < 1) return first;
  return most !== null && most > seq ? most : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
