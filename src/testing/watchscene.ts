// A book of images with advisories that change at random, for tests of what a change of advisories touches.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fixedClock, openHome } from '../core/index.ts';
import type { Ledger } from '../ledger/index.ts';
import {
  type AdvisoryDatabase,
  judgeInventory,
  openDatabase,
  type UpdateReport,
  updateDatabase,
} from '../scan/index.ts';
import { analyserVersion, type Inventory } from '../scan/inventory/index.ts';
import { keepItems, type WatchTables } from '../watch/index.ts';
import { type TestRecord, writeFeed } from './feeds.ts';

export const sceneClock = fixedClock('2026-02-01T00:00:00Z');

export class WatchScene {
  readonly ledger: Ledger;
  readonly #dir: string;
  readonly #inventories = new Map<string, Inventory>();
  #database: AdvisoryDatabase | undefined;
  readonly clock = sceneClock;
  readonly database = (): AdvisoryDatabase | undefined => this.#database;

  constructor(test: TestContext, ledger: Ledger) {
    this.ledger = ledger;
    this.#dir = mkdtempSync(join(tmpdir(), 'seaworthy-watch-'));
    test.after(() => {
      this.#database?.close();
      rmSync(this.#dir, { recursive: true, force: true });
    });
  }

  /** Feeds that are not named stay; `kev`: the CVEs of the catalogue. */
  async publish(
    feeds: Record<string, TestRecord[]>,
    kev: string[] = ['CVE-1999-0001'],
  ): Promise<UpdateReport> {
    for (const [name, records] of Object.entries(feeds)) writeFeed(join(this.#dir, 'osv'), name, records);
    mkdirSync(this.#dir, { recursive: true });
    const vulnerabilities = kev.map((cveID) => ({ cveID, dateAdded: '2026-01-01' }));
    const catalogue = join(this.#dir, 'kev.json');
    writeFileSync(catalogue, JSON.stringify({ dateReleased: '2026-01-01T00:00:00Z', vulnerabilities }));
    const home = openHome(join(this.#dir, 'home'));
    const report = await updateDatabase({
      home,
      from: join(this.#dir, 'osv'),
      ecosystems: 'all',
      kev: catalogue,
      acceptShrink: [...Object.keys(feeds), 'KEV'],
      clock: sceneClock,
      fetch: () => Promise.reject(new Error('nothing to fetch')),
    });
    if (report.refused.length > 0) throw report.refused[0]!.fault;
    this.#database?.close();
    this.#database = openDatabase(home, null);
    return report;
  }

  async add(inventories: ReadonlyMap<string, Inventory>): Promise<boolean> {
    await this.row(inventories);
    return keepItems(
      this,
      [...inventories].map(([digest, inventory]) => ({ digest, inventory })),
    );
  }

  /** As before there were items. */
  async row(inventories: ReadonlyMap<string, Inventory>): Promise<void> {
    await this.ledger.write<WatchTables, void>(async (write) => {
      for (const [digest, inventory] of inventories) {
        this.#inventories.set(digest, inventory);
        await write
          .insertInto('watch_images')
          .values({
            digest,
            platform: 'linux/amd64',
            target: JSON.stringify({ reference: digest }),
            inventory: gzipSync(JSON.stringify(inventory)),
            analyser: analyserVersion,
            seen_at: 1,
          })
          .execute();
        await write
          .insertInto('watch_platforms')
          .values({ parent: digest, platform: 'linux/amd64', digest })
          .execute();
        await write
          .insertInto('watch_tags')
          .values({
            reference: `r.example/${digest}:1`,
            domain: 'r.example',
            repository: digest,
            tag: '1',
            role: 'image',
            digest,
            media_type: null,
            looked_at: 1,
            moved_at: 1,
            trouble: null,
          })
          .execute();
      }
    });
  }

  async stored(): Promise<string[]> {
    const rows = await this.ledger.read<WatchTables>().selectFrom('watch_findings').selectAll().execute();
    return [...new Set(rows.map((row) => line(row.digest, row)))].sort();
  }

  /** What the whole judgement of each image says, by the advisories of now. */
  judged(): string[] {
    const lines = [...this.#inventories].flatMap(([digest, inventory]) =>
      judgeInventory(
        {
          target: { target: digest, kind: 'image', from: 'registry', reference: digest, layers: [] },
          inventory,
        },
        { clock: sceneClock, database: this.#database, maxDatabaseAge: 10_000 },
      )
        .findings.filter(({ state }) => state === 'affected')
        .map(({ id, purl, severity, state, fixedIn }) =>
          line(digest, { id, purl, severity: severity.level, state, fixed_in: fixedIn[0]?.version ?? null }),
        ),
    );
    return [...new Set(lines)].sort();
  }

  async marked(): Promise<string[]> {
    const rows = await this.ledger
      .read<WatchTables>()
      .selectFrom('watch_items')
      .select('purl')
      .where('stale', '>', 0)
      .orderBy('purl')
      .execute();
    return rows.map(({ purl }) => purl);
  }
}

interface FindingLine {
  id: string;
  purl: string;
  severity: string;
  state: string;
  fixed_in: string | null;
}

function line(digest: string, { id, purl, severity, state, fixed_in }: FindingLine): string {
  return [digest, id, purl, severity, state, fixed_in].join(' ');
}
