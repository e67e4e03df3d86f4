// PostgreSQL as an engine: a pool of connections that are set up alike, and one that listens.
import type { Pool, PoolClient, QueryArrayResult } from 'pg';
import { defaultLimits } from '../core/index.ts';
import type { Answer, Connection, Engine, Isolation } from './engine.ts';
import { closed, LedgerFault } from './fault.ts';
import type { LedgerLog } from './own.ts';
import { configOf, type Library, makeSchema, setUp } from './postgresconfig.ts';
import { listenTo } from './postgreslisten.ts';
import { postgresError } from './postgresproblem.ts';
import { parserOf } from './postgresvalue.ts';
import type { PostgresPlace } from './url.ts';
import { resultTooLarge, type Value } from './value.ts';
import { sizeOf } from './valuesize.ts';

/** What the server said to those it cut off, before it did. */
const died = new WeakMap<object, unknown>();

export async function openPostgres(place: PostgresPlace, log: LedgerLog): Promise<Engine> {
  const { default: pg } = await import('pg');
  const config = configOf(place);
  if (place.schema !== undefined) await makeSchema(pg, config, place.schema);
  const pool: Pool = new pg.Pool({
    ...config,
    max: place.connections,
    idleTimeoutMillis: 60_000,
    allowExitOnIdle: true,
    onConnect: async (client) => {
      // a connection that dies while nobody asks it anything says so here, and must not end the program
      client.on('error', (error) => {
        if (!died.has(client)) died.set(client, error);
      });
      await setUp(client as PoolClient, place.schema);
    },
  });
  pool.on('error', (error) =>
    log.warn({ error: postgresError(error) }, 'a connection to PostgreSQL was lost'),
  );
  const connect = async (): Promise<PoolClient> => {
    if (pool.ending) throw closed();
    try {
      return await pool.connect();
    } catch (error) {
      throw postgresError(error);
    }
  };
  const open = new Map<Connection, PoolClient>();
  const reader: Connection = {
    run: (sql, parameters) =>
      again(async () => {
        const client = await connect();
        let isBroken = true;
        try {
          const answer = await ask(pg, client, sql, parameters);
          isBroken = false;
          return answer;
        } catch (error) {
          isBroken = isUnreachable(error);
          throw error;
        } finally {
          client.release(isBroken);
        }
      }),
  };
  const listening = listenTo(pg, config, place.schema, log);
  return {
    dialect: 'postgres',
    async acquireWriter() {
      const client = await connect();
      let last: Promise<unknown> = Promise.resolve();
      const connection: Connection = {
        run(sql, parameters) {
          // one after the other, also when the work asks several at a time
          const answer = last.then(() => ask(pg, client, sql, parameters));
          last = answer.catch(() => {});
          return answer;
        },
      };
      open.set(connection, client);
      return connection;
    },
    releaseWriter(connection, isBroken) {
      open.get(connection)?.release(isBroken);
      open.delete(connection);
    },
    acquireReader: async () => reader,
    releaseReader: () => {},
    begin: beginning,
    listen: listening.listen,
    async close() {
      if (pool.ending) return;
      await listening.close();
      await pool.end();
    },
  };
}

/**
 * LOCK TABLE takes no snapshot: who waits here to be alone sees afterwards what the others committed. Queues, whose
 * statements lock row by row, and migrations, which come before the table, go without.
 */
function beginning(isolation: Isolation, alone: boolean): string {
  if (isolation === 'read committed') return 'begin isolation level read committed';
  const mode = alone ? 'exclusive' : 'row share';
  return `begin isolation level serializable; lock table ledger_migrations in ${mode} mode`;
}

/** One statement, or several without parameters; rows over their bound are read and dropped. */
function ask(pg: Library, client: PoolClient, text: string, parameters: readonly Value[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const rows: Record<string, unknown>[] = [];
    let bytes = 0;
    let isOver = false;
    const query = new pg.Query({ text, values: [...parameters], types: { getTypeParser: parserOf } });
    query.on('row', (row: Record<string, unknown>) => {
      for (const value of Object.values(row)) bytes += sizeOf(value);
      isOver ||= bytes > defaultLimits.ledgerBytes || rows.length >= defaultLimits.ledgerRows;
      if (isOver) rows.length = 0;
      else rows.push(row);
    });
    // what ended the connection says more than that it ended
    query.on('error', (error: unknown) => reject(postgresError(died.get(client) ?? error)));
    query.on('end', (result: QueryArrayResult | QueryArrayResult[]) => {
      if (isOver) reject(resultTooLarge());
      else resolve({ rows, changes: Array.isArray(result) ? 0 : (result.rowCount ?? 0) });
    });
    client.query(query);
  });
}

function isUnreachable(error: unknown): boolean {
  return error instanceof LedgerFault && error.code === 'database-unreachable';
}

/** A statement that reads may be asked again when the connection broke, once. */
async function again(read: () => Promise<Answer>): Promise<Answer> {
  try {
    return await read();
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return read();
  }
}
