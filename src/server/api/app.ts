// The HTTP API: who asks is known by a token, what they may by its role; answers are those of `contract`.
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { isFault, messageOf } from '../../core/index.ts';
import { type Caller, mayDo, type Right, type Tokens } from '../access/index.ts';
import type { ApiError } from '../contract/index.ts';

export interface ApiAppOptions {
  tokens: Tokens;
  https?: { key: string; cert: string };
  /** A bug: what was asked, and what was thrown. */
  onBug(request: string, error: unknown): void;
}

/** Answered as `{"error": …}` with its status. */
export class ApiRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: number, code: string, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

export interface Asked {
  caller: Caller;
  request: FastifyRequest;
  params: Record<string, string>;
  query: Record<string, string>;
  body: Record<string, unknown>;
}

export type Route = (asked: Asked) => Promise<unknown>;

const bodyBytes = 8 << 20;

/** Not listening yet; routes are added with `addRoute`. */
export function createApp({ https, onBug }: ApiAppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytes,
    forceCloseConnections: true,
    ...(https === undefined ? {} : { https }),
  } as Parameters<typeof fastify>[0]) as unknown as FastifyInstance;
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = refusalOf(error);
    if (status === 500) onBug(`${request.method} ${request.routeOptions.url ?? ''}`, error);
    return reply.code(status).send(body);
  });
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .send(errorBody('not-found', 'expected a path of the API, got another', 'docs/server.md lists them')),
  );
  return app;
}

export function addRoute(
  app: FastifyInstance,
  tokens: Tokens,
  method: 'GET' | 'POST',
  url: string,
  right: Right,
  route: Route,
): void {
  app.route({
    method,
    url,
    handler: async (request, reply) => {
      const caller = await callerOf(request, tokens);
      if (!mayDo(caller, right))
        throw new ApiRefusal(
          403,
          'not-allowed',
          `expected a token that may ${right}, got one of role ${caller.role}`,
        );
      const answer = await route({
        caller,
        request,
        params: request.params as Record<string, string>,
        query: texts(request.query),
        body: (request.body ?? {}) as Record<string, unknown>,
      });
      return answer === undefined ? reply.code(204).send() : reply.send(answer);
    },
  });
}

async function callerOf(request: FastifyRequest, tokens: Tokens): Promise<Caller> {
  const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
  const caller = token === undefined ? undefined : await tokens.find(token);
  if (caller !== undefined) return caller;
  throw new ApiRefusal(
    401,
    'token-missing',
    token === undefined
      ? 'expected a token, got none'
      : 'expected a token that is known and not expired, got another',
    'Authorization: Bearer TOKEN; seaworthy token create makes one',
  );
}

/** A parameter that is given twice is given wrongly. */
function texts(query: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, unknown>)) {
    if (typeof value !== 'string')
      throw new ApiRefusal(400, 'parameter-invalid', `expected ${name} once, got it several times`);
    found[name] = value;
  }
  return found;
}

/** Text that must be there. */
export function textOf(values: Readonly<Record<string, unknown>>, name: string): string {
  const value = values[name];
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 2000) return value.trim();
  throw new ApiRefusal(
    400,
    'parameter-invalid',
    `expected text as ${name}, got ${value === undefined ? 'none' : 'something else'}`,
  );
}

const notThere: ReadonlySet<string> = new Set([
  'renewal-unknown',
  'image-not-found',
  'job-unknown',
  'event-unknown',
]);

function refusalOf(error: unknown): { status: number; body: ApiError } {
  if (error instanceof ApiRefusal)
    return { status: error.status, body: errorBody(error.code, error.message, error.hint) };
  if (isFault(error))
    return {
      status: notThere.has(error.code) ? 404 : 409,
      body: errorBody(error.code, error.message, error.hint),
    };
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return { status: statusCode, body: errorBody('request-invalid', messageOf(error)) };
  return { status: 500, body: errorBody('bug', 'expected an answer, got a bug; the log has it') };
}

function errorBody(code: string, message: string, hint?: string): ApiError {
  return { error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}
