// PostgreSQL as an engine: a pool of connections, set up alike.
import type { Engine } from './engine.ts';
import type { LedgerLog } from './own.ts';
import type { PostgresPlace } from './url.ts';

export async function openPostgres(_place: PostgresPlace, _log: LedgerLog): Promise<Engine> {
  throw new Error('not there yet');
}
