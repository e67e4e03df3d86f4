// The book of tokens: who may call, as what, and until when. A token itself is never kept, only its hash.
import { type Book, runStatements } from '../../ledger/index.ts';

/** `agent`: of one cluster; `push` and `pull`: the embedded registry; each role may what stands in `may.ts`. */
export const roles = ['admin', 'operator', 'reader', 'agent', 'push', 'pull'] as const;
export type Role = (typeof roles)[number];

export interface AccessTables {
  access_tokens: {
    id: string;
    name: string;
    role: Role;
    /** Of an agent. */
    cluster: string | null;
    /** SHA-256 of the secret, hexadecimal. */
    hash: string;
    created_at: number;
    created_by: string;
    expires_at: number | null;
    revoked_at: number | null;
  };
}

export const accessBook: Book = {
  name: 'access',
  migrations: [
    {
      name: '0001-tokens',
      async up(db) {
        await runStatements(db, [
          `create table access_tokens (
            id text primary key, name text not null, role text not null, cluster text, hash text not null,
            created_at bigint not null, created_by text not null, expires_at bigint, revoked_at bigint)`,
        ]);
      },
    },
  ],
};
