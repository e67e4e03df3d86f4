// What a registry lists: repositories, tags, referrers (distribution-spec "Content Discovery").
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDigest, mediaTypes } from '../image/index.ts';
import { type Context, type Exchange, queryOf } from './context.ts';
import { Refusal } from './errors.ts';

const longestPage = 1000;

/** GET /v2/NAME/tags/list?n=&last= */
export async function listTags(context: Context, { request, reply, repository }: Exchange): Promise<unknown> {
  await context.require(request, 'pull', repository);
  const tags = await context.catalogue.tags(repository);
  if (tags === undefined)
    throw new Refusal(
      404,
      'NAME_UNKNOWN',
      `expected a repository, got ${repository}, which there is none of`,
    );
  return reply.send({ name: repository, tags: page(request, reply, tags, `/v2/${repository}/tags/list`) });
}

/** GET /v2/_catalog?n=&last= */
export async function listRepositories(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  await context.require(request, 'catalog');
  return reply.send({
    repositories: page(request, reply, await context.catalogue.repositories(), '/v2/_catalog'),
  });
}

/** What comes behind `last`, at most `n`, with a Link to the rest (RFC 8288). */
function page(
  request: FastifyRequest,
  reply: FastifyReply,
  items: readonly string[],
  path: string,
): string[] {
  const asked = queryOf(request, 'n');
  const last = queryOf(request, 'last');
  if (asked !== undefined && !/^\d{1,9}$/.test(asked))
    throw new Refusal(
      400,
      'PAGINATION_NUMBER_INVALID',
      'expected n to be a whole number of at least 0, got another text',
    );
  const count = Math.min(Number(asked ?? longestPage), longestPage);
  const behind = last === undefined ? items : items.filter((item) => item > last);
  const found = behind.slice(0, count);
  const end = found.at(-1);
  if (end !== undefined && behind.length > found.length)
    reply.header('link', `<${path}?n=${count}&last=${encodeURIComponent(end)}>; rel="next"`);
  return found;
}

/** GET /v2/NAME/referrers/DIGEST[?artifactType=]: an index, empty for a digest that nothing refers to. */
export async function listReferrers(
  context: Context,
  { request, reply, repository, rest: digest }: Exchange,
): Promise<unknown> {
  await context.require(request, 'pull', repository);
  if (!isDigest(digest))
    throw new Refusal(400, 'DIGEST_INVALID', 'expected a sha256 or sha512 digest, got another text');
  const wanted = queryOf(request, 'artifactType');
  const found = await context.catalogue.referrers(repository, digest);
  const manifests = found
    .filter(({ artifactType }) => wanted === undefined || artifactType === wanted)
    .map(({ mediaType, bytes, digest: own, artifactType, annotations }) => ({
      mediaType,
      digest: own,
      size: bytes.length,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    }));
  if (wanted !== undefined) reply.header('oci-filters-applied', 'artifactType');
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests };
  return reply.header('content-type', mediaTypes.ociIndex).send(Buffer.from(JSON.stringify(index)));
}
