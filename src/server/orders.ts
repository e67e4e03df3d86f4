// The server's side of orders: written down once, signed, and what their agents say of them.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Home } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import { type Book, type Ledger, runStatements, type Write } from '../ledger/index.ts';
import type { RolloutTarget } from '../renewal/index.ts';
import { type Order, type OrderReport, type SignedOrder, signOrder } from './contract/index.ts';

export interface OrderTables {
  orders_orders: {
    id: string;
    cluster: string;
    sequence: number;
    payload: string;
    signature: string;
    state: 'open' | OrderReport['state'];
    text: string;
    created_at: number;
    ended_at: number | null;
  };
}

export const orderBook: Book = {
  name: 'orders',
  migrations: [
    {
      name: '0001-orders',
      async up(db) {
        await runStatements(db, [
          `create table orders_orders (
            id text primary key, cluster text not null, sequence integer not null, payload text not null,
            signature text not null, state text not null, text text not null, created_at bigint not null,
            ended_at bigint, unique (cluster, sequence))`,
        ]);
      },
    },
  ],
};

/** An order that nobody fetched for so long is not obeyed any more. */
const lifetime = 7 * 86_400_000;

export interface OrderKey {
  key: KeyObject;
  /** PEM, what agents are given. */
  publicKey: string;
}

/** Made at the first start; the public half lies beside it as `orders.pub`. */
export function orderKey(home: Home): OrderKey {
  const file = join(home.dir(), 'orders.key');
  if (!existsSync(file)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flush: true });
  }
  const key = createPrivateKey(readFileSync(file, 'utf8'));
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  writeFileSync(join(home.dir(), 'orders.pub'), publicKey);
  return { key, publicKey };
}

export function clusterTarget(
  cluster: string,
  { ledger, clock, key }: { ledger: Ledger; clock: Clock; key: KeyObject },
): RolloutTarget {
  return {
    async start({ id, reference, from, to, cause }) {
      const { domain, repository } = parseReference(reference);
      const issuedAt = clock.now().getTime();
      await ledger.write<OrderTables, void>(async (write) => {
        const known = await write
          .selectFrom('orders_orders')
          .select('id')
          .where('id', '=', `${id}.${cluster}`)
          .executeTakeFirst();
        if (known !== undefined) return;
        const sequence = await nextSequence(write, cluster);
        const order: Order = {
          id: `${id}.${cluster}`,
          cluster,
          sequence,
          domain,
          repository,
          from,
          to,
          cause,
          issuedAt,
          expiresAt: issuedAt + lifetime,
        };
        await write
          .insertInto('orders_orders')
          .values({
            id: order.id,
            cluster,
            sequence,
            ...signOrder(order, key),
            state: 'open',
            text: 'its agent has not fetched it yet',
            created_at: issuedAt,
            ended_at: null,
          })
          .execute();
      });
    },
    async look({ id }) {
      const row = await ledger
        .read<OrderTables>()
        .selectFrom('orders_orders')
        .select(['state', 'text', 'created_at'])
        .where('id', '=', `${id}.${cluster}`)
        .executeTakeFirst();
      if (row === undefined) return { state: 'running', text: 'the order is not written yet' };
      const isLate = row.state === 'open' && clock.now().getTime() > row.created_at + lifetime;
      if (isLate) return { state: 'failed', text: 'its agent fetched it in no seven days' };
      if (row.state === 'open' || row.state === 'running') return { state: 'running', text: row.text };
      return { state: row.state === 'refused' ? 'failed' : row.state, text: row.text };
    },
  };
}

async function nextSequence(write: Write<OrderTables>, cluster: string): Promise<number> {
  const last = await write
    .selectFrom('orders_orders')
    .select((the) => the.fn.max('sequence').as('sequence'))
    .where('cluster', '=', cluster)
    .executeTakeFirst();
  return Number(last?.sequence ?? 0) + 1;
}

/** Those that are not over, in their order. */
export async function openOrders(ledger: Ledger, cluster: string): Promise<SignedOrder[]> {
  const rows = await ledger
    .read<OrderTables>()
    .selectFrom('orders_orders')
    .select(['payload', 'signature'])
    .where('cluster', '=', cluster)
    .where('state', 'in', ['open', 'running'])
    .orderBy('sequence')
    .limit(200)
    .execute();
  return rows;
}

/** False: there is no such order of the cluster that is not over. */
export async function reportOrder(
  ledger: Ledger,
  cluster: string,
  id: string,
  { state, text }: OrderReport,
  now: number,
): Promise<boolean> {
  return ledger.write<OrderTables, boolean>(async (write) => {
    const { numUpdatedRows } = await write
      .updateTable('orders_orders')
      .set({ state, text: text.slice(0, 2000), ended_at: state === 'running' ? null : now })
      .where('id', '=', id)
      .where('cluster', '=', cluster)
      .where('state', 'in', ['open', 'running'])
      .executeTakeFirstOrThrow();
    return numUpdatedRows > 0n;
  });
}
