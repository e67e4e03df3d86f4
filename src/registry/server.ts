// The registry's door: one route for all names, since a name has slashes; then who may, then what.
import { type FastifyInstance, type FastifyRequest, type FastifyServerOptions, fastify } from 'fastify';
import { type Clock, defaultLimits, isFault, type Limits, systemClock } from '../core/index.ts';
import { isRepository } from '../image/index.ts';
import { type BlobStore, memoryBlobs } from '../store/index.ts';
import { type Access, openAccess } from './access.ts';
import { deleteBlob, readBlob } from './blob.ts';
import { type Catalogue, memoryCatalogue } from './catalogue.ts';
import type { Context, Gate, Handler, RegistryChange } from './context.ts';
import { Refusal } from './errors.ts';
import { listReferrers, listRepositories, listTags } from './lists.ts';
import { deleteManifest, readManifest, writeManifest } from './manifest.ts';
import { cancelUpload, finishUpload, patchUpload, startUpload, uploadStatus } from './upload.ts';
import { createUploads } from './uploads.ts';

export interface RegistryServerOptions {
  catalogue?: Catalogue;
  blobs?: BlobStore;
  /** Everyone may do everything when left out. */
  access?: Access;
  /** Every manifest is given out when left out. */
  gate?: Gate;
  /** Told of pushes and deletions once they are kept. */
  onChange?(change: RegistryChange): void;
  clock?: Clock;
  limits?: Pick<Limits, 'manifestBytes' | 'layerBytes'>;
  /** Said to clients as OCI-Chunk-Min-Length. */
  chunkMinBytes?: number;
  /** Key and certificate, PEM. */
  https?: { key: string; cert: string };
}

/** Longest first: `blobs/uploads/` before `blobs/`. The greedy name takes all but the last such part. */
const routes: readonly [RegExp, Record<string, Handler>][] = [
  [/^(.+)\/blobs\/uploads\/?$/, { POST: startUpload }],
  [
    /^(.+)\/blobs\/uploads\/([^/]+)$/,
    { GET: uploadStatus, PATCH: patchUpload, PUT: finishUpload, DELETE: cancelUpload },
  ],
  [/^(.+)\/blobs\/([^/]+)$/, { GET: readBlob, HEAD: readBlob, DELETE: deleteBlob }],
  [
    /^(.+)\/manifests\/([^/]+)$/,
    { GET: readManifest, HEAD: readManifest, PUT: writeManifest, DELETE: deleteManifest },
  ],
  [/^(.+)\/tags\/list$/, { GET: listTags }],
  [/^(.+)\/referrers\/([^/]+)$/, { GET: listReferrers }],
];

/** The distribution-spec server, not listening yet. */
export function createRegistry(options: RegistryServerOptions = {}): FastifyInstance {
  const context = contextOf(options);
  const app = fastify({
    logger: false,
    routerOptions: { maxParamLength: 4096 },
    ...(options.https === undefined ? {} : { https: options.https }),
  } as FastifyServerOptions) as unknown as FastifyInstance;
  // bodies are streams that the routes read themselves, whatever they are called
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof Refusal)
      return reply
        .code(error.status)
        .headers(error.headers)
        .header('content-type', 'application/json')
        .send(Buffer.from(error.body()));
    if (isFault(error) && error.code === 'disk-full')
      return reply
        .code(507)
        .send({ errors: [{ code: 'DENIED', message: `${error.message}; ${error.hint ?? ''}` }] });
    throw error;
  });
  app.addHook('onSend', async (_request, reply, payload) => {
    reply.header('docker-distribution-api-version', 'registry/2.0');
    return payload;
  });
  app.get('/v2/', async (request) => {
    await context.require(request, 'pull');
    return {};
  });
  app.get('/v2/_catalog', (request, reply) => listRepositories(context, request, reply));
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/v2/*',
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { handler, repository, rest } = routeOf(request);
      return handler(context, { request, reply, repository, rest });
    },
  });
  return app;
}

function routeOf(request: FastifyRequest): { handler: Handler; repository: string; rest: string } {
  const path = (request.params as { '*': string })['*'];
  for (const [pattern, handlers] of routes) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const repository = match[1] ?? '';
    if (!isRepository(repository))
      throw new Refusal(
        400,
        'NAME_INVALID',
        'expected a repository of lower-case letters, digits and single separators, got another text',
      );
    const handler = handlers[request.method];
    if (handler === undefined)
      throw new Refusal(
        405,
        'UNSUPPORTED',
        `expected ${Object.keys(handlers).join(', ')}, got ${request.method}`,
      );
    return { handler, repository, rest: match[2] ?? '' };
  }
  throw new Refusal(
    404,
    'NAME_UNKNOWN',
    'expected manifests, blobs, tags or referrers of a repository, got another path',
  );
}

function contextOf(options: RegistryServerOptions): Context {
  const access = options.access ?? openAccess;
  const blobs = options.blobs ?? memoryBlobs();
  const may: Context['may'] = async (request, action, repository) =>
    access({ authorization: request.headers.authorization, repository, action });
  return {
    catalogue: options.catalogue ?? memoryCatalogue(),
    blobs,
    uploads: createUploads(blobs, options.clock ?? systemClock),
    gate: options.gate ?? (() => ({ allow: true })),
    changed: options.onChange ?? (() => {}),
    alone: oneAtATime(),
    limits: options.limits ?? defaultLimits,
    chunkMinBytes: options.chunkMinBytes,
    may,
    async require(request, action, repository) {
      const answer = await access({ authorization: request.headers.authorization, repository, action });
      if (answer.allow) return;
      if ('challenge' in answer)
        throw new Refusal(401, 'UNAUTHORIZED', 'expected credentials, got none that are good for this', {
          headers: { 'www-authenticate': answer.challenge },
        });
      throw new Refusal(403, 'DENIED', answer.reason);
    },
  };
}

/** Runs what is given for one key in the order it came. */
function oneAtATime(): Context['alone'] {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key);
    const mine = (before ?? Promise.resolve()).then(work, work);
    const ended = mine.catch(() => {});
    last.set(key, ended);
    try {
      return await mine;
    } finally {
      if (last.get(key) === ended) last.delete(key);
    }
  };
}
