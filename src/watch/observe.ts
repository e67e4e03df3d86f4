// An image is looked into once and judged for ever after: its inventory is kept, and what affects it today.
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Clock } from '../core/index.ts';
import type { Ledger, Write } from '../ledger/index.ts';
import { type AdvisoryDatabase, type Inspected, judgeInventory, type ScanResult } from '../scan/index.ts';
import { analyserVersion } from '../scan/inventory/index.ts';
import { pinned, platformsOf, type ResolvedImage, resolveDigest } from '../trust/index.ts';
import type { WatchTables } from './book.ts';

export interface Observing {
  ledger: Ledger;
  clock: Clock;
  /** Inventory of `registry:HOST/REPOSITORY@DIGEST`. */
  inspect(target: string): Promise<Inspected>;
  database(): AdvisoryDatabase | undefined;
  /** Days. */
  maxDatabaseAge: number;
}

export interface Observed {
  digest: string;
  platform: string;
  inspected: Inspected;
  /** False: it was known. */
  isNew: boolean;
}

/** Every platform of an image or index; layers that were read before are not read again. Rejects with Faults of scan. */
export async function observeImage(parts: Observing, image: ResolvedImage): Promise<Observed[]> {
  const seen: Observed[] = [];
  for (const { digest } of platformsOf(image)) {
    const known = await readInventory(parts.ledger, digest);
    if (known !== undefined) {
      seen.push({ digest, platform: known.target.platform ?? '', inspected: known, isNew: false });
      continue;
    }
    const one = await resolveDigest(image, digest);
    const inspected = await parts.inspect(`registry:${pinned(one)}`);
    await keepInventory(parts, digest, inspected);
    await judgeImages(parts, [digest]);
    seen.push({ digest, platform: inspected.target.platform ?? '', inspected, isNew: true });
  }
  return seen;
}

/** Undefined: it was never looked into, or by an analyser that found less. */
export async function readInventory(ledger: Ledger, digest: string): Promise<Inspected | undefined> {
  const row = await ledger
    .read<WatchTables>()
    .selectFrom('watch_images')
    .select(['target', 'inventory', 'analyser'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (row === undefined || row.analyser !== analyserVersion) return undefined;
  return {
    target: JSON.parse(row.target),
    inventory: JSON.parse(gunzipSync(row.inventory).toString('utf8')),
  };
}

async function keepInventory(parts: Observing, digest: string, inspected: Inspected): Promise<void> {
  const row = {
    digest,
    platform: inspected.target.platform ?? '',
    target: JSON.stringify(inspected.target),
    inventory: gzipSync(JSON.stringify(inspected.inventory)),
    analyser: analyserVersion,
    seen_at: parts.clock.now().getTime(),
  };
  await parts.ledger.write<WatchTables, void>(async (write) => {
    await write
      .insertInto('watch_images')
      .values(row)
      .onConflict((conflict) => conflict.column('digest').doUpdateSet(row))
      .execute();
  });
}

export interface Judged {
  digest: string;
  result: ScanResult;
  added: string[];
  gone: string[];
}

/** By the advisories of today; what affected an image before keeps the day it was first found. */
export async function judgeImages(parts: Observing, digests: readonly string[]): Promise<Judged[]> {
  const database = parts.database();
  const judged: Judged[] = [];
  for (const digest of digests) {
    const inspected = await readInventory(parts.ledger, digest);
    if (inspected === undefined) continue;
    const result = judgeInventory(inspected, {
      clock: parts.clock,
      database,
      maxDatabaseAge: parts.maxDatabaseAge,
    });
    const changes = await parts.ledger.write<WatchTables, { added: string[]; gone: string[] }>((write) =>
      keepResult(write, digest, result, database?.revision ?? '', parts.clock.now().getTime()),
    );
    judged.push({ digest, result, ...changes });
  }
  return judged;
}

async function keepResult(
  write: Write<WatchTables>,
  digest: string,
  result: ScanResult,
  revision: string,
  now: number,
): Promise<{ added: string[]; gone: string[] }> {
  const { packages: _, ...rest } = result;
  const row = {
    digest,
    revision,
    judged_at: now,
    result: gzipSync(JSON.stringify(rest)),
  };
  await write
    .insertInto('watch_results')
    .values(row)
    .onConflict((conflict) => conflict.column('digest').doUpdateSet(row))
    .execute();
  const before = await write
    .selectFrom('watch_findings')
    .select(['id', 'purl', 'since'])
    .where('digest', '=', digest)
    .execute();
  const key = ({ id, purl }: { id: string; purl: string }) => `${id} ${purl}`;
  const since = new Map(before.map((one) => [key(one), one.since]));
  const found = new Map<string, ScanResult['findings'][number]>();
  for (const finding of result.findings)
    if (finding.state === 'affected' && finding.suppressed === undefined) found.set(key(finding), finding);
  await write.deleteFrom('watch_findings').where('digest', '=', digest).execute();
  const rows = [...found].map(([name, { id, purl, severity, state, fixedIn }]) => ({
    digest,
    id,
    purl,
    severity: severity.level,
    state,
    fixed_in: fixedIn[0]?.version ?? null,
    since: since.get(name) ?? now,
  }));
  for (let at = 0; at < rows.length; at += 500)
    await write
      .insertInto('watch_findings')
      .values(rows.slice(at, at + 500))
      .execute();
  return {
    added: [...found.keys()].filter((name) => !since.has(name)),
    gone: [...since.keys()].filter((name) => !found.has(name)),
  };
}
