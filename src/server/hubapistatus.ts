// How the server stands.
import { version } from '../core/index.ts';
import type { RenewalTables } from '../renewal/index.ts';
import type { WatchTables } from '../watch/index.ts';
import type { ApiStatus } from './contract/index.ts';
import type { HubParts } from './hubparts.ts';

export async function status(parts: HubParts, registry: string | undefined): Promise<ApiStatus> {
  const { ledger, policy } = parts;
  const watch = ledger.read<WatchTables>();
  const count = async (query: Promise<{ count: number | string | bigint }>) => Number((await query).count);
  const { name, hash } = policy.current();
  const trouble = policy.trouble();
  const database = parts.database();
  return {
    version,
    database: ledger.dialect,
    policy: { name, hash, ...(trouble === undefined ? {} : { trouble }) },
    ...(registry === undefined ? {} : { registry }),
    ...(database === undefined
      ? {}
      : { advisories: { revision: database.revision, isSeed: database.isSeed } }),
    renewing: parts.renewal !== undefined,
    watched: await count(
      watch
        .selectFrom('watch_tags')
        .select((the) => the.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
    images: await count(
      watch
        .selectFrom('watch_images')
        .select((the) => the.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
    openRenewals: await count(
      ledger
        .read<RenewalTables>()
        .selectFrom('renewal_renewals')
        .select((the) => the.fn.countAll<number>().as('count'))
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow(),
    ),
  };
}
