// Manifests: pushed, pulled and deleted by tag or digest (distribution-spec).
import { isFault } from '../core/index.ts';
import {
  type Descriptor,
  digestOf,
  isDigest,
  isTag,
  type Manifest,
  parseDigest,
  parseManifest,
} from '../image/index.ts';
import type { StoredManifest } from './catalogue.ts';
import { bodyOf, type Context, type Exchange } from './context.ts';
import { Refusal } from './errors.ts';

const mostTags = 100;

/** GET and HEAD. */
export async function readManifest(
  context: Context,
  { request, reply, repository, rest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'pull', repository);
  const manifest = await findManifest(context, repository, rest);
  const answer = await context.gate(repository, manifest);
  if (!answer.allow) throw new Refusal(403, 'DENIED', answer.reason);
  reply.headers({
    'content-type': manifest.mediaType,
    'content-length': String(manifest.bytes.length),
    'docker-content-digest': manifest.digest,
    etag: `"${manifest.digest}"`,
  });
  return request.method === 'HEAD' ? reply.send() : reply.send(manifest.bytes);
}

async function findManifest(
  context: Context,
  repository: string,
  reference: string,
): Promise<StoredManifest> {
  const digest = isDigest(reference)
    ? reference
    : await context.catalogue.tagged(repository, checkedTag(reference));
  const manifest = digest === undefined ? undefined : await context.catalogue.manifest(repository, digest);
  if (manifest !== undefined) return manifest;
  throw new Refusal(404, 'MANIFEST_UNKNOWN', `expected ${reference} in ${repository}, got no such manifest`);
}

/** PUT, under a tag or a digest, with `?tag=` for more tags. The bytes are kept as they came. */
export async function writeManifest(
  context: Context,
  { request, reply, repository, rest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'push', repository);
  const tags = tagsOf(rest, (request.query as { tag?: string | string[] }).tag);
  const bytes = await readBody(context, bodyOf(request));
  const digest = isDigest(rest) ? rest : digestOf(bytes);
  if (digestOf(bytes, parseDigest(digest).algorithm) !== digest)
    throw new Refusal(400, 'DIGEST_INVALID', `expected a manifest with digest ${digest}, got another`);
  const parsed = parsedManifest(bytes, request.headers['content-type']);
  await requireBlobs(context, repository, parsed);
  await context.catalogue.putManifest(repository, storedManifest(digest, bytes, parsed), tags);
  context.changed({
    action: 'push',
    repository,
    digest,
    tags,
    mediaType: parsed.mediaType,
    ...(parsed.subject === undefined ? {} : { subject: parsed.subject.digest }),
  });
  reply
    .code(201)
    .headers({ location: `/v2/${repository}/manifests/${digest}`, 'docker-content-digest': digest });
  if (parsed.subject !== undefined) reply.header('oci-subject', parsed.subject.digest);
  if (isDigest(rest) && tags.length > 0) reply.header('oci-tag', tags);
  return reply.send();
}

function tagsOf(reference: string, more: string | string[] | undefined): string[] {
  const asked = more === undefined ? [] : [more].flat();
  if (asked.length > mostTags)
    throw new Refusal(414, 'TAG_INVALID', `expected at most ${mostTags} tags at once, got ${asked.length}`);
  return (isDigest(reference) ? asked : [reference, ...asked]).map(checkedTag);
}

async function readBody(context: Context, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.byteLength;
    if (size > context.limits.manifestBytes)
      throw new Refusal(
        413,
        'SIZE_INVALID',
        `expected a manifest of at most ${context.limits.manifestBytes} bytes, got more`,
      );
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parsedManifest(bytes: Buffer, contentType: string | undefined): Manifest {
  try {
    return parseManifest(bytes, contentType);
  } catch (error) {
    if (isFault(error)) throw new Refusal(400, 'MANIFEST_INVALID', error.message);
    throw error;
  }
}

/** An index may name manifests that are not here (a mirror of some platforms), an image no blob that is not. */
async function requireBlobs(context: Context, repository: string, manifest: Manifest): Promise<void> {
  if (manifest.kind === 'index') return;
  for (const blob of [manifest.config, ...manifest.layers]) {
    if (isForeign(blob) || (await context.catalogue.hasBlob(repository, blob.digest))) continue;
    throw new Refusal(
      404,
      'MANIFEST_BLOB_UNKNOWN',
      `expected blob ${blob.digest} in ${repository}, got none`,
      { detail: { digest: blob.digest } },
    );
  }
}

function isForeign(blob: Descriptor): boolean {
  return blob.urls !== undefined && /nondistributable|foreign/.test(blob.mediaType);
}

function storedManifest(digest: string, bytes: Buffer, manifest: Manifest): StoredManifest {
  const artifactType =
    manifest.artifactType ?? (manifest.kind === 'manifest' ? manifest.config.mediaType : undefined);
  return {
    digest,
    bytes,
    mediaType: manifest.mediaType,
    annotations: manifest.annotations,
    ...(manifest.subject === undefined ? {} : { subject: manifest.subject.digest }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

export async function deleteManifest(
  context: Context,
  { request, reply, repository, rest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'delete', repository);
  const gone = isDigest(rest)
    ? await context.catalogue.deleteManifest(repository, rest)
    : await context.catalogue.deleteTag(repository, checkedTag(rest));
  if (!gone)
    throw new Refusal(404, 'MANIFEST_UNKNOWN', `expected ${rest} in ${repository}, got no such manifest`);
  context.changed({
    action: 'delete',
    repository,
    ...(isDigest(rest) ? { digest: rest, tags: [] } : { tags: [rest] }),
  });
  return reply.code(202).send();
}

function checkedTag(text: string): string {
  if (isTag(text)) return text;
  throw text.includes(':')
    ? new Refusal(400, 'DIGEST_INVALID', 'expected a sha256 or sha512 digest, got another text')
    : new Refusal(
        400,
        'TAG_INVALID',
        'expected a tag of at most 128 letters, digits, "_", "." and "-", got another text',
      );
}
