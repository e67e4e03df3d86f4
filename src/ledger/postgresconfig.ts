// How a connection to PostgreSQL is made and set up: TLS that is verified, times that are bounded, commits that are kept.
import { readFileSync } from 'node:fs';
import type { ClientConfig, PoolClient } from 'pg';
import { messageOf } from '../core/index.ts';
import { LedgerFault } from './fault.ts';
import { postgresError } from './postgresproblem.ts';
import type { PostgresPlace } from './url.ts';

export type Library = typeof import('pg')['default'];

const SETTINGS = {
  // ms: of a statement, of waiting for a lock, of a transaction that does nothing
  statement_timeout: 60_000,
  lock_timeout: 20_000,
  idle_in_transaction_session_timeout: 60_000,
  // compiling a query takes longer than any of ours: 300 ms for one of 40 ms (bench/lineage.ts)
  jit: 'off',
};

export function configOf(place: PostgresPlace): ClientConfig {
  const { host, port, database, user, password, tls, rootCertificate } = place;
  return {
    host,
    port,
    database,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    application_name: 'seaworthy',
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    ssl:
      tls === 'off'
        ? false
        : {
            rejectUnauthorized: true,
            ...(rootCertificate === undefined ? {} : { ca: readCertificate(rootCertificate) }),
            ...(tls === 'chain' ? { checkServerIdentity: () => undefined } : {}),
          },
  };
}

function readCertificate(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new LedgerFault(
      'ledger-url-invalid',
      `sslrootcert: expected a file to read, got: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

export async function makeSchema(pg: Library, config: ClientConfig, schema: string): Promise<void> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  try {
    await client.connect();
    const { rowCount } = await client.query('select 1 from pg_namespace where nspname = $1', [schema]);
    if (rowCount === 0) await client.query(`create schema if not exists ${schema}`);
  } catch (error) {
    // another process made it in the same moment
    const { code } = error as { code?: string };
    if (code !== '23505' && code !== '42P06') throw postgresError(error);
  } finally {
    await client.end().catch(() => {});
  }
}

export async function setUp(client: Pick<PoolClient, 'query'>, schema: string | undefined): Promise<void> {
  const settings: Record<string, string | number> = {
    ...SETTINGS,
    ...(schema === undefined ? {} : { search_path: schema }),
  };
  const names = Object.keys(settings);
  const sets = names.map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, false)`);
  // a server that says "committed" before it is would lose what was accepted
  sets.push(
    `case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', false) end`,
  );
  await client.query(
    `select ${sets.join(', ')}`,
    names.flatMap((name) => [name, String(settings[name])]),
  );
}
