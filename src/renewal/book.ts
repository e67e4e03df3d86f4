// The renewals' book: what moved, which images follow, how far each is, and every step with its time.
import { type Book, type Generated, runStatements, sql, tableWords } from '../ledger/index.ts';
import type { ImageState, RenewalState } from './state.ts';

export interface RenewalTables {
  renewal_renewals: {
    /** Sorts by time: `r20261127-131700-4f2a`. */
    id: string;
    /** JSON of Cause. */
    cause: string;
    /** `HOST/REPOSITORY:TAG` of what moved. */
    base: string;
    /** Digest that the base's tag names now. */
    base_digest: string;
    state: RenewalState;
    /** Why it is in that state, for people; empty while it runs. */
    text: string;
    created_at: number;
    ended_at: number | null;
  };
  renewal_images: {
    id: string;
    renewal: string;
    /** `HOST/REPOSITORY:TAG` that is renewed. */
    reference: string;
    /** 1 stands on what moved, 2 on an image of level 1. */
    level: number;
    /** The image of the same renewal that this one stands on; null on level 1. */
    after: string | null;
    /** What the tag names before. */
    from_digest: string;
    /** `HOST/REPOSITORY:TAG` and the digest it stood on; the new digest is known once `after` is tagged. */
    base: string;
    base_from: string;
    base_to: string | null;
    state: ImageState;
    /** `rebase`, `rebuild`; null: not decided. */
    means: string | null;
    /** Why those means: which proof failed. */
    why: string;
    staging_tag: string;
    to_digest: string | null;
    /** JSON of the pipeline's RunHandle. */
    run: string | null;
    /** JSON of Proof[] by platform. */
    proofs: string | null;
    /** JSON of Counted: findings that affect it, before and after. */
    found_before: string | null;
    found_after: string | null;
    /** JSON of package changes. */
    packages: string | null;
    /** JSON of Verdict. */
    verdict_before: string | null;
    verdict_after: string | null;
    approved_by: string | null;
    /** JSON of Tried: what the smoke test said. */
    tried: string | null;
    /** What it waits for or failed by. */
    text: string;
    created_at: number;
    updated_at: number;
    ended_at: number | null;
  };
  renewal_steps: {
    id: Generated<number>;
    image: string;
    step: string;
    started_at: number;
    ended_at: number;
    /** The state it led to. */
    led_to: string;
    text: string;
  };
  renewal_rollouts: {
    id: string;
    image: string;
    /** Name of the target. */
    target: string;
    state: 'running' | 'done' | 'returned' | 'failed' | 'nothing';
    text: string;
    started_at: number;
    ended_at: number | null;
  };
  /** Why an image was begun beside its base's moves: each reason counts once for a digest of it. */
  renewal_reasons: { reference: string; digest: string; reason: string; renewal: string };
  /** Bases on which nothing is renewed until a person says so. */
  renewal_holds: {
    base: string;
    digest: string;
    reason: string;
    /** Image whose rollout came back. */
    image: string | null;
    since: number;
    released_at: number | null;
    released_by: string | null;
    released_why: string | null;
  };
}

export const renewalBook: Book = {
  name: 'renewal',
  migrations: [
    {
      name: '0001-renewals',
      async up(db, dialect) {
        const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
        const serial =
          dialect === 'sqlite'
            ? sql`integer primary key autoincrement`
            : sql`bigint generated always as identity primary key`;
        for (const statement of [
          sql`create table renewal_renewals (
            id ${text} primary key, cause text not null, base ${text} not null, base_digest ${text} not null,
            state text not null, text text not null, created_at bigint not null, ended_at bigint)`,
          sql`create index renewal_renewals_base on renewal_renewals (base, base_digest)`,
          sql`create table renewal_images (
            id ${text} primary key, renewal ${text} not null references renewal_renewals (id),
            reference ${text} not null, level integer not null, after ${text}, from_digest ${text} not null,
            base ${text} not null, base_from ${text} not null, base_to ${text}, state text not null, means text,
            why text not null, staging_tag text not null, to_digest ${text}, run text, proofs text,
            found_before text, found_after text, packages text, verdict_before text, verdict_after text,
            approved_by text, text text not null, created_at bigint not null, updated_at bigint not null,
            ended_at bigint)`,
          sql`create index renewal_images_renewal on renewal_images (renewal)`,
          sql`create index renewal_images_reference on renewal_images (reference, ended_at)`,
          sql`create index renewal_images_after on renewal_images (after)`,
          sql`create index renewal_images_digest on renewal_images (to_digest)`,
          sql`create table renewal_steps (
            id ${serial}, image ${text} not null references renewal_images (id), step text not null,
            started_at bigint not null, ended_at bigint not null, led_to text not null, text text not null)`,
          sql`create index renewal_steps_image on renewal_steps (image)`,
          sql`create table renewal_rollouts (
            id ${text} primary key, image ${text} not null references renewal_images (id), target ${text} not null,
            state text not null, text text not null, started_at bigint not null, ended_at bigint,
            unique (image, target))`,
          sql`create table renewal_holds (
            base ${text} not null, digest ${text} not null, reason text not null, image ${text},
            since bigint not null, released_at bigint, released_by text, released_why text,
            primary key (base, digest))`,
        ])
          await statement.execute(db);
      },
    },
    {
      name: '0002-reasons',
      async up(db, dialect) {
        const { text } = tableWords(dialect);
        await runStatements(db, [
          'alter table renewal_images add column tried text',
          `create table renewal_reasons (
            reference ${text} not null, digest ${text} not null, reason ${text} not null,
            renewal ${text} not null references renewal_renewals (id), primary key (reference, digest, reason))`,
        ]);
      },
    },
  ],
};
