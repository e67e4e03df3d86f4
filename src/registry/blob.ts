// Reading and deleting blobs (distribution-spec "Pulling Blobs", "Deleting Blobs").
import { Readable } from 'node:stream';
import { isDigest } from '../image/index.ts';
import type { Context, Exchange } from './context.ts';
import { Refusal } from './errors.ts';

/** GET and HEAD, with one byte range (RFC 9110 section 14.2). */
export async function readBlob(
  context: Context,
  { request, reply, repository, rest: digest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'pull', repository);
  const size = await sizeOf(context, repository, digest);
  reply.headers({
    'docker-content-digest': digest,
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  });
  const range = rangeOf(request.headers.range, size);
  if (request.method === 'HEAD') return reply.header('content-length', String(size)).send();
  if (range !== undefined)
    reply.code(206).header('content-range', `bytes ${range.start}-${range.end - 1}/${size}`);
  const { start, end } = range ?? { start: 0, end: size };
  return reply
    .header('content-length', String(end - start))
    .send(Readable.from(context.blobs.read(digest, start, end), { objectMode: false }));
}

export async function deleteBlob(
  context: Context,
  { request, reply, repository, rest: digest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'delete', repository);
  await sizeOf(context, repository, digest);
  await context.alone(digest, async () => {
    await context.catalogue.unlinkBlob(repository, digest);
    if ((await context.catalogue.findBlob(digest, async () => true)) === undefined)
      await context.blobs.delete(digest);
  });
  return reply.code(202).send();
}

/** Only blobs that were pushed to or mounted into this repository are its own. */
async function sizeOf(context: Context, repository: string, digest: string): Promise<number> {
  if (!isDigest(digest))
    throw new Refusal(400, 'DIGEST_INVALID', 'expected a sha256 or sha512 digest, got another text');
  const size = (await context.catalogue.hasBlob(repository, digest))
    ? await context.blobs.size(digest)
    : undefined;
  if (size === undefined)
    throw new Refusal(404, 'BLOB_UNKNOWN', `expected blob ${digest} in ${repository}, got none`);
  return size;
}

/** Several ranges at once are answered as if none were asked for, as RFC 9110 allows. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const from = match[1] ?? '';
  const to = match[2] ?? '';
  const start = from === '' ? Math.max(size - Number(to), 0) : Number(from);
  const end = from === '' || to === '' ? size : Math.min(Number(to) + 1, size);
  if (start < end) return { start, end };
  throw new Refusal(416, 'SIZE_INVALID', `expected a range within ${size} bytes, got ${header}`, {
    headers: { 'content-range': `bytes */${size}` },
  });
}
