// The book of who changed what: rows are added, and neither changed nor taken away.
import type { Generated, Selectable, Transaction } from 'kysely';
import type { Book, Dialect, Write } from './ledger.ts';
import { runStatements, tableWords } from './tablewords.ts';

export interface AuditTables {
  ledger_audit: {
    seq: number;
    at: number;
    actor: string;
    action: string;
    subject: string;
    detail: string;
    hash: Uint8Array;
  };
  /** PostgreSQL only: recorded, and about to become the next rows of the chain. */
  ledger_audit_new: {
    id: Generated<number>;
    at: number;
    actor: string;
    action: string;
    subject: string;
    detail: string;
  };
  /** One row: where the chain ends, so that a missing end is noticed. */
  ledger_audit_end: { one: number; seq: number; hash: Uint8Array };
}

export type AuditRow = Selectable<AuditTables['ledger_audit']>;

export const auditBook: Book = {
  name: 'ledger_audit',
  migrations: [
    {
      name: '0001-audit',
      async up(db, dialect) {
        const { id, bigint, blob, strict } = tableWords(dialect);
        const zeros = dialect === 'sqlite' ? 'zeroblob(32)' : "decode(repeat('00', 32), 'hex')";
        await runStatements(db, [
          `create table ledger_audit (
            seq ${bigint} primary key,
            at ${bigint} not null,
            actor text not null,
            action text not null,
            subject text not null,
            detail text not null,
            hash ${blob} not null
          ) ${strict}`,
          'create index ledger_audit_subject on ledger_audit (subject, seq)',
          'create index ledger_audit_actor on ledger_audit (actor, seq)',
          `create table ledger_audit_new (
            id ${id},
            at ${bigint} not null,
            actor text not null,
            action text not null,
            subject text not null,
            detail text not null
          ) ${strict}`,
          `create table ledger_audit_end (
            one integer primary key check (one = 1), seq ${bigint} not null, hash ${blob} not null
          ) ${strict}`,
          `insert into ledger_audit_end (one, seq, hash) values (1, 0, ${zeros})`,
          ...guards(dialect),
        ]);
      },
    },
  ],
};

function guards(dialect: Dialect): string[] {
  const said = 'the audit trail only grows';
  if (dialect === 'sqlite')
    return ['update', 'delete'].map(
      (change) =>
        `create trigger ledger_audit_no_${change} before ${change} on ledger_audit
         begin select raise(abort, '${said}'); end`,
    );
  return [
    `create function ledger_audit_guard() returns trigger language plpgsql as
     $$ begin raise exception '${said}' using errcode = 'restrict_violation'; end $$`,
    `create trigger ledger_audit_no_change before update or delete on ledger_audit
     for each row execute function ledger_audit_guard()`,
    `create trigger ledger_audit_new_no_change before update on ledger_audit_new
     for each row execute function ledger_audit_guard()`,
    `create trigger ledger_audit_no_truncate before truncate on ledger_audit
     for each statement execute function ledger_audit_guard()`,
  ];
}

/** The same transaction, for the ledger's own tables. */
export function ofAudit<T>(write: Write<T>): Transaction<AuditTables> {
  return write as unknown as Transaction<AuditTables>;
}
