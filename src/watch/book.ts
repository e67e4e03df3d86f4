// The watch's book: tags looked at, images with what is in them, findings, verdicts, and what clusters run.
import { type Book, sql } from '../ledger/index.ts';

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
  };
  /** Which images hold a package that advisories may name. */
  watch_packages: { ecosystem: string; name: string; digest: string };
  /** The last judgement of an image by the advisories. */
  watch_results: {
    digest: string;
    /** Of the advisory database. */
    revision: string;
    judged_at: number;
    /** JSON of a ScanResult without its packages, gzip. */
    result: Uint8Array;
  };
  /** What affects an image now. */
  watch_findings: {
    digest: string;
    id: string;
    purl: string;
    severity: string;
    state: string;
    fixed_in: string | null;
    since: number;
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
  ],
};
