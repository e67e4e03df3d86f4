// The watch's book: tags looked at, images with what is in them, findings, verdicts, and what clusters run.
import { type Book, type Generated, runStatements, sql, tableWords } from '../ledger/index.ts';

export interface WatchTables {
  /** A tag that is looked at. `digest` is what it stood for when it was last looked at; null: it never was, or is gone. */
  watch_tags: {
    /** `HOST/REPOSITORY:TAG` */
    reference: string;
    domain: string;
    repository: string;
    tag: string;
    /** `image`: named by the configuration; `base`: because an image stands on it. An image may be another's base. */
    role: 'image' | 'base';
    digest: string | null;
    media_type: string | null;
    looked_at: number | null;
    moved_at: number | null;
    /** Why the last look failed; null: it did not. */
    trouble: string | null;
  };
  /** The manifests under a tag's digest: one row for an image of one platform, its own digest in both columns. */
  watch_platforms: { parent: string; platform: string; digest: string };
  /** An image of one platform, by the digest of its manifest. */
  watch_images: {
    digest: string;
    platform: string;
    /** JSON of ScannedTarget. */
    target: string;
    /** JSON of Inventory, gzip. */
    inventory: Uint8Array;
    analyser: string;
    seen_at: number;
    /** By which rules its packages were taken apart into items; empty: they were not yet. */
    rules: Generated<string>;
  };
  /** What is judged: one package as advisories see it, wherever in the fleet it lies. Images of one base share it. */
  watch_items: {
    id: Generated<number>;
    /** Of `body`. */
    hash: string;
    purl: string;
    /** JSON of an Item. */
    body: string;
    /** 1: advisories that it was judged by have changed since; 2: and verdicts are wanted even if it stays as it was. */
    stale: number;
  };
  /** What the judgement of an item asked the advisories for (AdvisoryKey). */
  watch_packages: { ecosystem: string; name: string; item: number };
  /** What affects an item now. */
  watch_item_findings: {
    item: number;
    id: string;
    severity: string;
    state: string;
    fixed_in: string | null;
    since: number;
  };
  /** Items that came with one layer: images share them as they share layers. */
  watch_sets: { id: Generated<number>; hash: string };
  watch_set_items: { set_id: number; item: number };
  watch_image_sets: { digest: string; set_id: number };
  /** Findings that came or went and that nobody was told of yet; an empty id: a verdict is wanted. */
  watch_news: { item: number; id: string; kind: 'added' | 'gone' };
  /** `revision`: of the advisories that items are judged by; `rules`: of the program that judged them. */
  watch_state: { name: 'revision' | 'rules'; value: string };
  /** A view: what affects an image now, by its items. */
  watch_findings: {
    digest: string;
    id: string;
    purl: string;
    severity: string;
    state: string;
    fixed_in: string | null;
    since: number;
    item: number;
  };
  /** The last verdict over an image under the policy in force. */
  watch_verdicts: {
    reference: string;
    digest: string;
    policy: string;
    decision: 'allow' | 'deny' | 'undecided';
    /** JSON of a Verdict. */
    verdict: string;
    judged_at: number;
  };
  /** What an agent last said that its cluster runs. */
  watch_running: {
    cluster: string;
    namespace: string;
    kind: string;
    name: string;
    container: string;
    reference: string;
    digest: string;
    reported_at: number;
  };
  /** The evidence that was signed last of an image that runs: by which advisories, and what it said. */
  watch_evidence: { digest: string; revision: string; findings: string; made_at: number };
}

export const watchBook: Book = {
  name: 'watch',
  migrations: [
    {
      name: '0001-watch',
      async up(db, dialect) {
        const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
        const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`;
        for (const statement of [
          sql`create table watch_tags (
            reference ${text} primary key, domain ${text} not null, repository ${text} not null, tag ${text} not null,
            role ${text} not null, digest ${text}, media_type text, looked_at bigint, moved_at bigint, trouble text)`,
          sql`create index watch_tags_digest on watch_tags (digest)`,
          sql`create table watch_platforms (
            parent ${text} not null, platform ${text} not null, digest ${text} not null, primary key (parent, platform))`,
          sql`create index watch_platforms_digest on watch_platforms (digest)`,
          sql`create table watch_images (
            digest ${text} primary key, platform ${text} not null, target text not null, inventory ${bytes} not null,
            analyser text not null, seen_at bigint not null)`,
          sql`create table watch_packages (
            ecosystem ${text} not null, name ${text} not null, digest ${text} not null references watch_images (digest),
            primary key (ecosystem, name, digest))`,
          sql`create index watch_packages_digest on watch_packages (digest)`,
          sql`create table watch_results (
            digest ${text} primary key references watch_images (digest), revision text not null,
            judged_at bigint not null, result ${bytes} not null)`,
          sql`create table watch_findings (
            digest ${text} not null references watch_images (digest), id ${text} not null, purl ${text} not null,
            severity text not null, state text not null, fixed_in text, since bigint not null,
            primary key (digest, id, purl))`,
          sql`create index watch_findings_id on watch_findings (id)`,
          sql`create table watch_verdicts (
            reference ${text} primary key, digest ${text} not null, policy text not null, decision text not null,
            verdict text not null, judged_at bigint not null)`,
          sql`create index watch_verdicts_digest on watch_verdicts (digest)`,
          sql`create table watch_running (
            cluster ${text} not null, namespace ${text} not null, kind ${text} not null, name ${text} not null,
            container ${text} not null, reference ${text} not null, digest ${text} not null, reported_at bigint not null,
            primary key (cluster, namespace, kind, name, container, digest))`,
          sql`create index watch_running_digest on watch_running (digest)`,
        ])
          await statement.execute(db);
      },
    },
    {
      name: '0002-items',
      async up(db, dialect) {
        const { id, bigint, text } = tableWords(dialect);
        await runStatements(db, [
          'drop table watch_findings',
          'drop table watch_results',
          'drop table watch_packages',
          `alter table watch_images add column rules ${text} not null default ''`,
          `create table watch_items (
            id ${id}, hash ${text} not null unique, purl ${text} not null, body text not null, stale integer not null)`,
          'create index watch_items_stale on watch_items (id) where stale > 0',
          `create table watch_packages (
            ecosystem ${text} not null, name ${text} not null, item ${bigint} not null references watch_items (id),
            primary key (ecosystem, name, item))`,
          'create index watch_packages_item on watch_packages (item)',
          `create table watch_item_findings (
            item ${bigint} not null references watch_items (id), id ${text} not null, severity text not null,
            state text not null, fixed_in text, since ${bigint} not null, primary key (item, id))`,
          'create index watch_item_findings_id on watch_item_findings (id)',
          `create table watch_sets (id ${id}, hash ${text} not null unique)`,
          `create table watch_set_items (
            set_id ${bigint} not null references watch_sets (id), item ${bigint} not null references watch_items (id),
            primary key (set_id, item))`,
          'create index watch_set_items_item on watch_set_items (item)',
          `create table watch_image_sets (
            digest ${text} not null references watch_images (digest),
            set_id ${bigint} not null references watch_sets (id), primary key (digest, set_id))`,
          'create index watch_image_sets_set on watch_image_sets (set_id)',
          `create table watch_news (
            item ${bigint} not null references watch_items (id), id ${text} not null, kind text not null,
            primary key (item, id, kind))`,
          `create table watch_state (name ${text} primary key, value ${text} not null)`,
          `create view watch_findings as
            select h.digest, f.id, i.purl, f.severity, f.state, f.fixed_in, f.item,
              case when f.since > m.seen_at then f.since else m.seen_at end as since
            from watch_item_findings f
            join watch_items i on i.id = f.item
            join watch_set_items s on s.item = f.item
            join watch_image_sets h on h.set_id = s.set_id
            join watch_images m on m.digest = h.digest`,
        ]);
      },
    },
    {
      name: '0003-evidence',
      async up(db, dialect) {
        const { text, bigint, strict } = tableWords(dialect);
        await runStatements(db, [
          `create table watch_evidence (
            digest ${text} primary key, revision ${text} not null, findings text not null, made_at ${bigint} not null
          ) ${strict}`,
        ]);
      },
    },
  ],
};
