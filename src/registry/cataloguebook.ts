// The catalogue as a book of the ledger: what was pushed outlives a restart.
import { type Book, type Generated, type Ledger, sql } from '../ledger/index.ts';
import type { Catalogue, StoredManifest } from './catalogue.ts';

interface Tables {
  registry_repositories: { name: string };
  registry_blobs: { repository: string; digest: string };
  registry_manifests: {
    id: Generated<number>;
    repository: string;
    digest: string;
    media_type: string;
    bytes: Uint8Array;
    subject: string | null;
    artifact_type: string | null;
    annotations: string;
  };
  registry_tags: { repository: string; tag: string; digest: string };
}

/** Names, tags and digests are compared by byte: `C` says so to PostgreSQL, SQLite does nothing else. */
export const registryBook: Book = {
  name: 'registry',
  migrations: [
    {
      name: '0001-catalogue',
      async up(db, dialect) {
        const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`;
        const id =
          dialect === 'sqlite'
            ? sql`integer primary key autoincrement`
            : sql`bigint generated always as identity primary key`;
        const text = dialect === 'sqlite' ? sql`text` : sql`text collate "C"`;
        await sql`create table registry_repositories (name ${text} primary key)`.execute(db);
        await sql`create table registry_blobs (
          repository ${text} not null references registry_repositories (name),
          digest ${text} not null,
          primary key (repository, digest))`.execute(db);
        await sql`create index registry_blobs_digest on registry_blobs (digest)`.execute(db);
        await sql`create table registry_manifests (
          id ${id},
          repository ${text} not null references registry_repositories (name),
          digest ${text} not null,
          media_type text not null,
          bytes ${bytes} not null,
          subject ${text},
          artifact_type text,
          annotations text not null,
          unique (repository, digest))`.execute(db);
        await sql`create index registry_manifests_subject on registry_manifests (repository, subject)`.execute(
          db,
        );
        await sql`create table registry_tags (
          repository ${text} not null references registry_repositories (name),
          tag ${text} not null,
          digest ${text} not null,
          primary key (repository, tag))`.execute(db);
        await sql`create index registry_tags_digest on registry_tags (repository, digest)`.execute(db);
      },
    },
  ],
};

/** The ledger must have been opened with `registryBook`. */
export function bookCatalogue(ledger: Ledger): Catalogue {
  const read = () => ledger.read<Tables>();
  return {
    async repositories() {
      const rows = await read().selectFrom('registry_repositories').select('name').orderBy('name').execute();
      return rows.map(({ name }) => name);
    },
    async linkBlob(repository, digest) {
      await ledger.write<Tables, void>(async (write) => {
        await write
          .insertInto('registry_repositories')
          .values({ name: repository })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await write
          .insertInto('registry_blobs')
          .values({ repository, digest })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      });
    },
    async hasBlob(repository, digest) {
      const row = await read()
        .selectFrom('registry_blobs')
        .select('digest')
        .where('repository', '=', repository)
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row !== undefined;
    },
    async unlinkBlob(repository, digest) {
      return ledger.write<Tables, boolean>(async (write) => {
        const { numDeletedRows } = await write
          .deleteFrom('registry_blobs')
          .where('repository', '=', repository)
          .where('digest', '=', digest)
          .executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      });
    },
    async findBlob(digest, may) {
      const rows = await read()
        .selectFrom('registry_blobs')
        .select('repository')
        .where('digest', '=', digest)
        .execute();
      for (const { repository } of rows) if (await may(repository)) return repository;
      return undefined;
    },
    async putManifest(repository, manifest, tags) {
      await ledger.write<Tables, void>(async (write) => {
        await write
          .insertInto('registry_repositories')
          .values({ name: repository })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        await write
          .insertInto('registry_manifests')
          .values({
            repository,
            digest: manifest.digest,
            media_type: manifest.mediaType,
            bytes: manifest.bytes,
            subject: manifest.subject ?? null,
            artifact_type: manifest.artifactType ?? null,
            annotations: JSON.stringify(manifest.annotations),
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        for (const tag of tags)
          await write
            .insertInto('registry_tags')
            .values({ repository, tag, digest: manifest.digest })
            .onConflict((conflict) =>
              conflict.columns(['repository', 'tag']).doUpdateSet({ digest: manifest.digest }),
            )
            .execute();
      });
    },
    async manifest(repository, digest) {
      const row = await read()
        .selectFrom('registry_manifests')
        .selectAll()
        .where('repository', '=', repository)
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row === undefined ? undefined : storedOf(row);
    },
    async deleteManifest(repository, digest) {
      return ledger.write<Tables, boolean>(async (write) => {
        await write
          .deleteFrom('registry_tags')
          .where('repository', '=', repository)
          .where('digest', '=', digest)
          .execute();
        const { numDeletedRows } = await write
          .deleteFrom('registry_manifests')
          .where('repository', '=', repository)
          .where('digest', '=', digest)
          .executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      });
    },
    async tagged(repository, tag) {
      const row = await read()
        .selectFrom('registry_tags')
        .select('digest')
        .where('repository', '=', repository)
        .where('tag', '=', tag)
        .executeTakeFirst();
      return row?.digest;
    },
    async deleteTag(repository, tag) {
      return ledger.write<Tables, boolean>(async (write) => {
        const { numDeletedRows } = await write
          .deleteFrom('registry_tags')
          .where('repository', '=', repository)
          .where('tag', '=', tag)
          .executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      });
    },
    async tags(repository) {
      const rows = await read()
        .selectFrom('registry_repositories')
        .leftJoin('registry_tags', 'registry_tags.repository', 'registry_repositories.name')
        .select('registry_tags.tag')
        .where('registry_repositories.name', '=', repository)
        .orderBy('registry_tags.tag')
        .execute();
      if (rows.length === 0) return undefined;
      return rows.flatMap(({ tag }) => (tag === null ? [] : [tag]));
    },
    async referrers(repository, digest) {
      const rows = await read()
        .selectFrom('registry_manifests')
        .selectAll()
        .where('repository', '=', repository)
        .where('subject', '=', digest)
        .orderBy('id')
        .execute();
      return rows.map(storedOf);
    },
  };
}

function storedOf(row: {
  digest: string;
  media_type: string;
  bytes: Uint8Array;
  subject: string | null;
  artifact_type: string | null;
  annotations: string;
}): StoredManifest {
  return {
    digest: row.digest,
    mediaType: row.media_type,
    bytes: Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.byteLength),
    ...(row.subject === null ? {} : { subject: row.subject }),
    ...(row.artifact_type === null ? {} : { artifactType: row.artifact_type }),
    annotations: JSON.parse(row.annotations) as Record<string, string>,
  };
}
