// Tokens: made once and shown once, known again by their hash, ended by time or by hand.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/index.ts';
import { type Ledger, record, type Write } from '../../ledger/index.ts';
import type { AccessTables, Role } from './book.ts';

export interface Caller {
  id: string;
  name: string;
  role: Role;
  /** Of an agent. */
  cluster?: string;
}

export interface NewToken {
  name: string;
  role: Role;
  cluster?: string;
  /** Ms since 1970. */
  expiresAt?: number;
}

export interface TokenInfo extends Caller {
  createdAt: number;
  createdBy: string;
  expiresAt?: number;
  revokedAt?: number;
}

export interface Tokens {
  /** The token itself, which nobody can read again. */
  create(token: NewToken, by: string): Promise<string>;
  /** Undefined for one that is unknown, expired or revoked. */
  find(token: string): Promise<Caller | undefined>;
  list(): Promise<TokenInfo[]>;
  /** False: there is none of that id. */
  revoke(id: string, by: string): Promise<boolean>;
}

/** A token found is not asked for again for so long: what was revoked elsewhere ends within it. */
const kept = 5_000;
const shape = /^sw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

export function createTokens(ledger: Ledger, clock: Clock): Tokens {
  const known = new Map<string, { row: AccessTables['access_tokens'] | undefined; until: number }>();
  const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

  async function rowOf(id: string, now: number): Promise<AccessTables['access_tokens'] | undefined> {
    const found = known.get(id);
    if (found !== undefined && found.until > now) return found.row;
    const row = await ledger
      .read<AccessTables>()
      .selectFrom('access_tokens')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (known.size >= 10_000) known.clear();
    known.set(id, { row, until: now + kept });
    return row;
  }

  return {
    async create({ name, role, cluster, expiresAt }, by) {
      const id = randomBytes(6).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      await ledger.write(async (write: Write<AccessTables>) => {
        await write
          .insertInto('access_tokens')
          .values({
            id,
            name,
            role,
            cluster: cluster ?? null,
            hash: hashOf(secret),
            created_at: clock.now().getTime(),
            created_by: by,
            expires_at: expiresAt ?? null,
            revoked_at: null,
          })
          .execute();
        await record(write, {
          actor: by,
          action: 'token.created',
          subject: name,
          detail: { id, role, ...(cluster === undefined ? {} : { cluster }) },
        });
      });
      return `sw_${id}_${secret}`;
    },
    async find(token) {
      const match = shape.exec(token);
      if (match === null) return undefined;
      const now = clock.now().getTime();
      const row = await rowOf(match[1]!, now);
      // an unknown id costs as much as a wrong secret
      const expected = Buffer.from(row?.hash ?? hashOf(''), 'hex');
      const isRight = timingSafeEqual(Buffer.from(hashOf(match[2]!), 'hex'), expected);
      if (!isRight || row === undefined || row.revoked_at !== null) return undefined;
      if (row.expires_at !== null && row.expires_at <= now) return undefined;
      const { id, name, role, cluster } = row;
      return { id, name, role, ...(cluster === null ? {} : { cluster }) };
    },
    async list() {
      const rows = await ledger
        .read<AccessTables>()
        .selectFrom('access_tokens')
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        id: row.id,
        name: row.name,
        role: row.role,
        ...(row.cluster === null ? {} : { cluster: row.cluster }),
        createdAt: row.created_at,
        createdBy: row.created_by,
        ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
        ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
      }));
    },
    async revoke(id, by) {
      known.delete(id);
      return ledger.write(async (write: Write<AccessTables>) => {
        const { numUpdatedRows } = await write
          .updateTable('access_tokens')
          .set({ revoked_at: clock.now().getTime() })
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) return false;
        await record(write, { actor: by, action: 'token.revoked', subject: id, detail: {} });
        return true;
      });
    },
  };
}
