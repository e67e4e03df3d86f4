// What the book knows of a name: for each platform its bases down to the ground, or why nobody knows; no registry is asked.
import { parseConfig, parseManifest } from '../image/index.ts';
import { type Read, sql } from '../ledger/index.ts';
import { type Ancestor, ancestorsOf } from './ancestors.ts';
import type { LineageTables } from './book.ts';
import { claimsOf } from './claims.ts';
import { type Lineage, lineageOf } from './lineage.ts';
import { basesUnder, keptDocument, nameOf } from './seen.ts';

export interface Known {
  platform: string;
  /** What the name stands for: an index, or the manifest itself. */
  digest: string;
  platformDigest: string;
  layers: number;
  /** The nearest first; empty: nobody knows, or several fit. */
  ancestors: Ancestor[];
  /** As its own documents and the bases seen by now have it; provenance, which is not kept, left out. */
  lineage: Lineage;
}

interface Row {
  platform: string;
  digest: string;
  platform_digest: string;
  layers: number;
  config_digest: string;
}

/** By platform; empty: the name was never seen. `HOST/REPOSITORY:TAG` as it stands now, or `HOST/REPOSITORY@DIGEST`. */
export async function knownOf(book: Read<LineageTables>, reference: string): Promise<Known[]> {
  const known: Known[] = [];
  for (const row of await rowsOf(book, reference)) {
    const { platform, digest, platform_digest: platformDigest, layers } = row;
    const ancestors = await ancestorsOf(book, platformDigest);
    const lineage = await lineageNow(book, row, reference.replace(/[:@][^/]*$/, ''));
    known.push({ platform, digest, platformDigest, layers, ancestors, lineage });
  }
  return known;
}

async function rowsOf(book: Read<LineageTables>, reference: string): Promise<Row[]> {
  const columns = sql`i.platform, i.digest as platform_digest, i.layers, i.config_digest`;
  const at = reference.indexOf('@');
  if (at < 0) {
    const { repository, tag } = nameOf(reference);
    const { rows } = await sql<Row>`
      select t.digest, ${columns} from lineage_tags t join lineage_images i on i.id = t.image_id
      where t.repository = ${repository} and t.tag = ${tag} order by i.platform, i.digest`.execute(book);
    return rows;
  }
  const digest = reference.slice(at + 1);
  const { rows } = await sql<Row>`
    select distinct ${digest} as digest, ${columns}
    from lineage_names n join lineage_images i on i.digest = n.platform_digest
    where n.repository = ${reference.slice(0, at)} and (n.digest = ${digest} or i.digest = ${digest})
    order by i.platform, i.digest`.execute(book);
  return rows;
}

async function lineageNow(book: Read<LineageTables>, row: Row, repository: string): Promise<Lineage> {
  const [index, manifest, config] = await Promise.all(
    [row.digest, row.platform_digest, row.config_digest].map((digest) => keptDocument(book, digest)),
  );
  const { diffIds, labels } = parseConfig(config ?? Buffer.from('{}'));
  const annotations = Object.assign(
    {},
    ...[index, manifest].map((bytes) => (bytes === undefined ? {} : parseManifest(bytes).annotations)),
  ) as Record<string, string>;
  const sources = { annotations, labels, provenance: [] };
  const claims = claimsOf(sources);
  const seen = await basesUnder(book, {
    diffIds,
    references: claims.flatMap(({ reference }) => (reference === undefined ? [] : [reference])),
    digests: claims.flatMap(({ digest }) => (digest === undefined ? [] : [digest])),
  });
  return lineageOf({ digest: row.platform_digest, repository, diffIds, ...sources }, seen);
}
