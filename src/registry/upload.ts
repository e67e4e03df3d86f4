// Uploading blobs (distribution-spec "Pushing Blobs"): in one request, in two, in chunks, or mounted.
import type { FastifyReply } from 'fastify';
import { isDigest, isRepository } from '../image/index.ts';
import { bodyOf, type Context, type Exchange, queryOf } from './context.ts';
import { Refusal } from './errors.ts';
import type { Upload } from './uploads.ts';

/** POST /v2/NAME/blobs/uploads/[?digest=|?mount=&from=] */
export async function startUpload(
  context: Context,
  { request, reply, repository }: Exchange,
): Promise<unknown> {
  await context.require(request, 'push', repository);
  const mount = queryOf(request, 'mount');
  if (mount !== undefined && (await mountBlob(context, { request, repository }, mount)))
    return created(reply, repository, mount);
  const digest = queryOf(request, 'digest');
  if (digest !== undefined) checkDigest(digest);
  const upload = await context.uploads.start(repository);
  if (digest === undefined) return accepted(context, reply, upload);
  return context.uploads.use(upload, async () => {
    await receive(context, upload, bodyOf(request));
    return finish(context, reply, upload, digest);
  });
}

/** Without `from`, any repository the client may read serves (spec: anonymous mount). */
async function mountBlob(
  context: Context,
  { request, repository }: Pick<Exchange, 'request' | 'repository'>,
  digest: string,
): Promise<boolean> {
  if (!isDigest(digest)) return false;
  const from = queryOf(request, 'from');
  const may = async (name: string): Promise<boolean> => (await context.may(request, 'pull', name)).allow;
  return context.alone(digest, async () => {
    const source =
      from === undefined
        ? await context.catalogue.findBlob(digest, may)
        : isRepository(from) && (await context.catalogue.hasBlob(from, digest)) && (await may(from))
          ? from
          : undefined;
    if (source === undefined) return false;
    await context.catalogue.linkBlob(repository, digest);
    return true;
  });
}

/** PATCH: a chunk. With Content-Range it must begin where the last one ended (spec: 416). */
export async function patchUpload(
  context: Context,
  { request, reply, repository, rest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'push', repository);
  const upload = context.uploads.find(repository, rest);
  return context.uploads.use(upload, async () => {
    await receiveChunk(context, upload, request.headers['content-range'], bodyOf(request));
    return accepted(context, reply, upload);
  });
}

/** PUT ?digest=: the last chunk or nothing, then the end. */
export async function finishUpload(
  context: Context,
  { request, reply, repository, rest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'push', repository);
  const upload = context.uploads.find(repository, rest);
  const digest = queryOf(request, 'digest');
  checkDigest(digest ?? '');
  return context.uploads.use(upload, async () => {
    await receiveChunk(context, upload, request.headers['content-range'], bodyOf(request));
    return finish(context, reply, upload, digest as string);
  });
}

/** GET: how far it is. */
export async function uploadStatus(
  context: Context,
  { request, reply, repository, rest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'push', repository);
  const upload = context.uploads.find(repository, rest);
  return reply.code(204).headers(progress(upload)).send();
}

/** DELETE: never mind. */
export async function cancelUpload(
  context: Context,
  { request, reply, repository, rest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'push', repository);
  const upload = context.uploads.find(repository, rest);
  return context.uploads.use(upload, async () => {
    context.uploads.end(upload);
    await upload.writer.abort();
    return reply.code(204).send();
  });
}

async function receiveChunk(
  context: Context,
  upload: Upload,
  range: string | undefined,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (range === undefined) return receive(context, upload, body);
  const match = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(range);
  const start = Number(match?.[1]);
  const end = Number(match?.[2]);
  if (match === null || end < start)
    throw new Refusal(400, 'BLOB_UPLOAD_INVALID', 'expected Content-Range START-END, got another');
  if (start !== upload.writer.size)
    throw new Refusal(
      416,
      'BLOB_UPLOAD_INVALID',
      `expected a chunk from ${upload.writer.size}, got one from ${start}`,
      { headers: progress(upload) },
    );
  await receive(context, upload, body);
  if (upload.writer.size !== end + 1) {
    await upload.writer.truncate(start);
    throw new Refusal(
      400,
      'SIZE_INVALID',
      `expected ${end + 1 - start} bytes as Content-Range says, got another number`,
    );
  }
}

async function receive(context: Context, upload: Upload, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (upload.writer.size + chunk.byteLength > context.limits.layerBytes) {
      context.uploads.end(upload);
      await upload.writer.abort();
      throw new Refusal(
        413,
        'SIZE_INVALID',
        `expected a blob of at most ${context.limits.layerBytes} bytes, got more`,
      );
    }
    await written(context, upload, chunk);
  }
}

/** On a full disk what has come is given up: it would hold the room that others wait for. */
async function written(context: Context, upload: Upload, chunk: Uint8Array): Promise<void> {
  try {
    await upload.writer.write(chunk);
  } catch (error) {
    context.uploads.end(upload);
    await upload.writer.abort();
    throw error;
  }
}

async function finish(
  context: Context,
  reply: FastifyReply,
  upload: Upload,
  digest: string,
): Promise<unknown> {
  context.uploads.end(upload);
  const isKept = await context.alone(digest, async () => {
    if (!(await upload.writer.commit(digest))) return false;
    await context.catalogue.linkBlob(upload.repository, digest);
    return true;
  });
  if (!isKept) {
    await upload.writer.abort();
    throw new Refusal(400, 'DIGEST_INVALID', `expected bytes with digest ${digest}, got others`);
  }
  return created(reply, upload.repository, digest);
}

function checkDigest(digest: string): void {
  if (!isDigest(digest))
    throw new Refusal(400, 'DIGEST_INVALID', 'expected a sha256 or sha512 digest, got another text');
}

function accepted(context: Context, reply: FastifyReply, upload: Upload): unknown {
  const minimum =
    context.chunkMinBytes === undefined ? {} : { 'oci-chunk-min-length': String(context.chunkMinBytes) };
  return reply
    .code(202)
    .headers({ ...progress(upload), ...minimum })
    .send();
}

function progress(upload: Upload): Record<string, string> {
  return {
    location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    range: `0-${Math.max(upload.writer.size - 1, 0)}`,
    'docker-upload-uuid': upload.id,
  };
}

function created(reply: FastifyReply, repository: string, digest: string): unknown {
  return reply
    .code(201)
    .headers({ location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest })
    .send();
}
