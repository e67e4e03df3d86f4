// The book of lineage: every manifest seen is kept for ever, so that a base whose tag moved on can still be used, with
// what stands on what.
import { type Book, type Generated, sql, tableWords } from '../ledger/index.ts';

export interface LineageTables {
  /** An image of one platform. */
  lineage_images: {
    /** Short, for the graph: a fleet's edges are walked in one query. */
    id: Generated<number>;
    /** Of its manifest. */
    digest: string;
    platform: string;
    layers: number;
    /** Of all its layers: `chainIds`. */
    chain_id: string;
    config_digest: string;
    /** 1: somebody says that it is a base. */
    is_base: number;
    /** The image it stands on; null: nobody knows, or nobody looked. */
    base_id: number | null;
    /** How many of its lowest layers are the base's. */
    base_layers: number | null;
    /** JSON of what told it: `["annotation","layers"]`. */
    base_by: string | null;
    /** `HOST/REPOSITORY:TAG` of the base as the image itself names it: whose moves it follows. */
    base_name: string | null;
    first_seen: number;
  };
  /** What a name stood for, each digest it ever had. */
  lineage_names: {
    /** `HOST/REPOSITORY` */
    repository: string;
    tag: string;
    /** Of the index, or of the manifest. */
    digest: string;
    platform_digest: string;
    first_seen: number;
    last_seen: number;
  };
  /** What a name stands for now: a row for each platform of it. */
  lineage_tags: {
    repository: string;
    tag: string;
    /** Of the index, or of the manifest. */
    digest: string;
    platform: string;
    platform_digest: string;
    image_id: number;
    seen_at: number;
  };
  /** Bytes of manifests, indexes and configs. */
  lineage_documents: { digest: string; bytes: Uint8Array };
}

export const lineageBook: Book = {
  name: 'lineage',
  migrations: [
    {
      name: '0001-lineage',
      async up(db, dialect) {
        const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
        const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`;
        for (const statement of [
          sql`create table lineage_images (
            id ${sql.raw(tableWords(dialect).id)}, digest ${text} not null unique, platform ${text} not null,
            layers integer not null, chain_id ${text} not null, config_digest ${text} not null,
            is_base integer not null, base_id bigint references lineage_images (id), base_layers integer,
            base_by text, first_seen bigint not null)`,
          sql`create index lineage_images_chain on lineage_images (chain_id)`,
          sql`create index lineage_images_base on lineage_images (base_id)`,
          sql`create table lineage_names (
            repository ${text} not null, tag ${text} not null, digest ${text} not null,
            platform_digest ${text} not null references lineage_images (digest),
            first_seen bigint not null, last_seen bigint not null,
            primary key (repository, tag, digest, platform_digest))`,
          sql`create index lineage_names_platform on lineage_names (platform_digest)`,
          sql`create index lineage_names_digest on lineage_names (digest)`,
          sql`create table lineage_tags (
            repository ${text} not null, tag ${text} not null, digest ${text} not null, platform ${text} not null,
            platform_digest ${text} not null references lineage_images (digest),
            image_id bigint not null references lineage_images (id), seen_at bigint not null,
            primary key (repository, tag, platform_digest))`,
          sql`create index lineage_tags_image
            on lineage_tags (image_id, repository, tag, digest, platform, platform_digest)`,
          sql`create table lineage_documents (digest ${text} primary key, bytes ${bytes} not null)`,
        ])
          await statement.execute(db);
      },
    },
    {
      name: '0002-base-name',
      async up(db) {
        await sql`alter table lineage_images add column base_name text`.execute(db);
      },
    },
  ],
};
