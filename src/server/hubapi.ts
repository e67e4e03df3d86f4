// What the API answers, from the books: the routes.
import type { FastifyInstance } from 'fastify';
import { listAudit } from '../ledger/index.ts';
import {
  approveImage,
  type Cause,
  declineImage,
  listHolds,
  listRenewals,
  releaseBase,
} from '../renewal/index.ts';
import type { Tokens } from './access/index.ts';
import { ApiRefusal, addRoute, textOf } from './api/index.ts';
import { addEventRoutes } from './hubapievents.ts';
import { lineageAnswer } from './hubapilineage.ts';
import { reachedPage } from './hubapireached.ts';
import { plan, renewal } from './hubapirenewals.ts';
import { status } from './hubapistatus.ts';
import { tags } from './hubapitags.ts';
import { addTokenRoutes } from './hubapitokens.ts';
import { enqueueBegin } from './hubbegin.ts';
import { iso, wholeName } from './hubname.ts';
import type { HubParts } from './hubparts.ts';
import { released } from './hubreasons.ts';

export function addHubRoutes(
  app: FastifyInstance,
  parts: HubParts,
  tokens: Tokens,
  registry: string | undefined,
): void {
  const { ledger } = parts;
  const get = (url: string, route: Parameters<typeof addRoute>[5]) =>
    addRoute(app, tokens, 'GET', url, 'read', route);
  const now = () => parts.clock.now().getTime();
  get('/v1/status', () => status(parts, registry));
  get('/v1/tags', async () => ({ tags: await tags(parts) }));
  get('/v1/renewals', async ({ query }) => ({
    renewals: (
      await listRenewals(ledger, query['before'] === undefined ? {} : { before: query['before'] })
    ).map(({ createdAt, endedAt, ...one }) => ({
      ...one,
      createdAt: iso(createdAt),
      ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
    })),
  }));
  get('/v1/renewals/:id', ({ params }) => renewal(parts, params['id']!));
  get('/v1/plan', ({ query }) => plan(parts, wholeName(textOf(query, 'base'))));
  get('/v1/holds', async () => ({
    holds: (await listHolds(ledger)).map(({ since, ...hold }) => ({ ...hold, since: iso(since) })),
  }));
  get('/v1/lineage', ({ query }) => lineageAnswer(parts, textOf(query, 'image')));
  get('/v1/reached', ({ query }) => reachedPage(parts, textOf(query, 'id'), query));
  get('/v1/audit', async ({ query }) => ({
    entries: (
      await listAudit(ledger, query['before'] === undefined ? {} : { before: Number(query['before']) })
    ).map(({ at, ...entry }) => ({ ...entry, at: iso(at) })),
  }));
  addRoute(app, tokens, 'POST', '/v1/renewals', 'renew', async ({ body, caller }) => {
    const base = wholeName(textOf(body, 'base'));
    const to = await parts.renewal?.workshop.current(base);
    if (parts.renewal === undefined)
      throw new ApiRefusal(
        409,
        'not-configured',
        'expected a key to sign renewals with, got none',
        'set signing.key',
      );
    if (to === undefined)
      throw new ApiRefusal(404, 'image-not-found', `expected ${base} in its registry, got none`);
    const reference =
      body['reference'] === undefined ? {} : { reference: wholeName(textOf(body, 'reference')) };
    const cause: Cause = { kind: 'asked', base, to, by: caller.name, ...reference };
    await ledger.write((write) => enqueueBegin(write, cause, now()));
    return { base, digest: to };
  });
  addRoute(app, tokens, 'POST', '/v1/images/:id/approve', 'approve', async ({ params, caller }) =>
    approveImage(ledger, params['id']!, caller.name),
  );
  addRoute(app, tokens, 'POST', '/v1/images/:id/decline', 'approve', async ({ params, caller, body }) =>
    declineImage(ledger, params['id']!, caller.name, textOf(body, 'reason'), now()),
  );
  addRoute(app, tokens, 'POST', '/v1/holds/release', 'release', async ({ body, caller }) => {
    const base = wholeName(textOf(body, 'base'));
    const reason = textOf(body, 'reason');
    const to = await parts.renewal?.workshop.current(base);
    const word = { by: caller.name, reason, now: now() };
    await releaseBase(ledger, base, word.by, reason, word.now, (write) => released(write, base, to, word));
  });
  addTokenRoutes(app, tokens, now);
  addEventRoutes(app, parts);
}
