// What the API answers, from the books.
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { version } from '../core/index.ts';
import { formatReference, parseReference, withDefaultTag } from '../image/index.ts';
import { listAudit } from '../ledger/index.ts';
import { type LineageTables, staleOn } from '../lineage/index.ts';
import {
  approveImage,
  type Cause,
  declineImage,
  listHolds,
  listRenewals,
  type RenewalTables,
  readRenewal,
  releaseBase,
} from '../renewal/index.ts';
import type { WatchTables } from '../watch/index.ts';
import { type Role, roles, type Tokens } from './access/index.ts';
import { ApiRefusal, addRoute, textOf } from './api/index.ts';
import type { ApiPlan, ApiReached, ApiRenewalDetail, ApiStatus, ApiTag } from './contract/index.ts';
import { parsePush } from './events/index.ts';
import { enqueueBegin, hinted } from './hubjobs.ts';
import type { HubParts } from './hubparts.ts';

const iso = (ms: number) => new Date(ms).toISOString();

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
  get('/v1/reached', async ({ query }) => ({ reached: await reached(parts, textOf(query, 'id')) }));
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
    await releaseBase(ledger, base, caller.name, textOf(body, 'reason'), now());
    await ledger.write<RenewalTables, void>(async (write) => {
      const row = await write
        .selectFrom('renewal_renewals')
        .select('cause')
        .where('base', '=', base)
        .where('state', '=', 'held')
        .orderBy('created_at', 'desc')
        .executeTakeFirst();
      if (row !== undefined) await enqueueBegin(write, JSON.parse(row.cause) as Cause, now());
    });
  });
  addTokenRoutes(app, tokens, now);
  addEventRoutes(app, parts);
}

function addTokenRoutes(app: FastifyInstance, tokens: Tokens, now: () => number): void {
  addRoute(app, tokens, 'GET', '/v1/tokens', 'tokens', async () => ({
    tokens: (await tokens.list()).map(({ createdAt, expiresAt, revokedAt, ...token }) => ({
      ...token,
      createdAt: iso(createdAt),
      ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt) }),
      ...(revokedAt === undefined ? {} : { revokedAt: iso(revokedAt) }),
    })),
  }));
  addRoute(app, tokens, 'POST', '/v1/tokens', 'tokens', async ({ body, caller }) => {
    const role = textOf(body, 'role') as Role;
    if (!roles.includes(role))
      throw new ApiRefusal(400, 'parameter-invalid', `expected a role of ${roles.join(', ')}, got ${role}`);
    const cluster = role === 'agent' ? textOf(body, 'cluster') : undefined;
    const days = body['days'];
    if (days !== undefined && (typeof days !== 'number' || !(days > 0) || days > 36_500))
      throw new ApiRefusal(400, 'parameter-invalid', 'expected days as a number above 0, got something else');
    const token = await tokens.create(
      {
        name: textOf(body, 'name'),
        role,
        ...(cluster === undefined ? {} : { cluster }),
        ...(days === undefined ? {} : { expiresAt: now() + (days as number) * 86_400_000 }),
      },
      caller.name,
    );
    return { token };
  });
  addRoute(app, tokens, 'POST', '/v1/tokens/:id/revoke', 'tokens', async ({ params, caller }) => {
    if (!(await tokens.revoke(params['id']!, caller.name)))
      throw new ApiRefusal(404, 'not-found', `expected the id of a token, got ${params['id']}`);
  });
}

/** A registry is known by the secret that it was given; whatever it tells is only looked into. */
function addEventRoutes(app: FastifyInstance, parts: HubParts): void {
  const { config } = parts;
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const { name, kind, secretFile } of config.watch?.events ?? []) {
    const secret = Buffer.from(readFileSync(config.file(secretFile), 'utf8').trim());
    app.post(`/v1/events/${name}`, async (request, reply) => {
      const given = Buffer.from(request.headers.authorization ?? '');
      if (given.length !== secret.length || !timingSafeEqual(given, secret))
        throw new ApiRefusal(
          401,
          'token-missing',
          'expected the secret of this registry, got another or none',
        );
      const text = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
      for (const hint of parsePush(kind, text)) await hintedAt(parts, hint);
      return reply.code(204).send();
    });
  }
}

/** A registry behind a proxy does not know its own name: every watched tag of that repository is meant then. */
async function hintedAt(
  parts: HubParts,
  { host, repository, tag }: { host?: string; repository: string; tag: string },
): Promise<void> {
  const rows = await parts.ledger
    .read<WatchTables>()
    .selectFrom('watch_tags')
    .select(['reference', 'domain'])
    .where('repository', '=', repository)
    .where('tag', '=', tag)
    .execute();
  const exact = rows.filter(({ domain }) => domain === host);
  for (const { reference } of exact.length > 0 ? exact : rows) await hinted(parts, reference);
}

export function wholeName(text: string): string {
  try {
    const { digest: _, ...reference } = withDefaultTag(parseReference(text));
    return formatReference({ tag: 'latest', ...reference });
  } catch (error) {
    throw new ApiRefusal(400, 'parameter-invalid', (error as Error).message);
  }
}

async function status(parts: HubParts, registry: string | undefined): Promise<ApiStatus> {
  const { ledger, policy } = parts;
  const watch = ledger.read<WatchTables>();
  const count = async (query: Promise<{ count: number | string | bigint }>) => Number((await query).count);
  const { name, hash } = policy.current();
  const trouble = policy.trouble();
  const database = parts.database();
  return {
    version,
    database: ledger.dialect,
    policy: { name, hash, ...(trouble === undefined ? {} : { trouble }) },
    ...(registry === undefined ? {} : { registry }),
    ...(database === undefined
      ? {}
      : { advisories: { revision: database.revision, isSeed: database.isSeed } }),
    renewing: parts.renewal !== undefined,
    watched: await count(
      watch
        .selectFrom('watch_tags')
        .select((the) => the.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
    images: await count(
      watch
        .selectFrom('watch_images')
        .select((the) => the.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow(),
    ),
    openRenewals: await count(
      ledger
        .read<RenewalTables>()
        .selectFrom('renewal_renewals')
        .select((the) => the.fn.countAll<number>().as('count'))
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow(),
    ),
  };
}

async function tags({ ledger }: HubParts): Promise<ApiTag[]> {
  const read = ledger.read<WatchTables>();
  const rows = await read
    .selectFrom('watch_tags')
    .leftJoin('watch_verdicts', (join) =>
      join
        .onRef('watch_verdicts.reference', '=', 'watch_tags.reference')
        .onRef('watch_verdicts.digest', '=', 'watch_tags.digest'),
    )
    .select([
      'watch_tags.reference',
      'watch_tags.role',
      'watch_tags.digest',
      'watch_tags.looked_at',
      'watch_tags.moved_at',
      'watch_tags.trouble',
      'watch_verdicts.decision',
    ])
    .orderBy('watch_tags.reference')
    .execute();
  const found = await read
    .selectFrom('watch_tags')
    .innerJoin('watch_platforms', 'watch_platforms.parent', 'watch_tags.digest')
    .innerJoin('watch_findings', 'watch_findings.digest', 'watch_platforms.digest')
    .select((the) => [
      'watch_tags.reference',
      'watch_findings.severity',
      the.fn.countAll<number>().as('count'),
    ])
    .groupBy(['watch_tags.reference', 'watch_findings.severity'])
    .execute();
  return rows.map((row) => ({
    reference: row.reference,
    role: row.role,
    ...(row.digest === null ? {} : { digest: row.digest }),
    ...(row.looked_at === null ? {} : { lookedAt: iso(row.looked_at) }),
    ...(row.moved_at === null ? {} : { movedAt: iso(row.moved_at) }),
    ...(row.trouble === null ? {} : { trouble: row.trouble }),
    ...(row.decision === null ? {} : { decision: row.decision }),
    findings: Object.fromEntries(
      found
        .filter(({ reference }) => reference === row.reference)
        .map(({ severity, count }) => [severity, Number(count)]),
    ),
  }));
}

async function renewal({ ledger }: HubParts, id: string): Promise<ApiRenewalDetail> {
  const { createdAt, endedAt, images, ...rest } = await readRenewal(ledger, id);
  return {
    ...rest,
    createdAt: iso(createdAt),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
    images: images.map(({ proofs: _, steps, rollouts, ...image }) => ({
      ...image,
      steps: steps.map(({ startedAt, endedAt: ended, ...step }) => ({
        ...step,
        startedAt: iso(startedAt),
        endedAt: iso(ended),
      })),
      rollouts: rollouts.map(({ startedAt, endedAt: ended, ...one }) => ({
        ...one,
        startedAt: iso(startedAt),
        ...(ended === undefined ? {} : { endedAt: iso(ended) }),
      })),
    })),
  };
}

async function plan(parts: HubParts, base: string): Promise<ApiPlan> {
  const { workshop, ledger } = parts;
  if (workshop === undefined)
    throw new ApiRefusal(
      409,
      'not-configured',
      'expected a key to sign renewals with, got none',
      'set signing.key',
    );
  const digest = await workshop.current(base);
  if (digest === undefined)
    throw new ApiRefusal(404, 'image-not-found', `expected ${base} in its registry, got none`);
  const verdict = await workshop.judgeBase(base, digest);
  const held = (await listHolds(ledger)).find((hold) => hold.base === base)?.reason;
  const open = verdict.rules.filter(({ outcome }) => outcome === 'failed' || outcome === 'undecided');
  return {
    base,
    digest,
    decision: verdict.decision,
    why: open.map(({ rule, expected, found }) => `${rule}: expected ${expected}, found ${found}`).join('; '),
    ...(held === undefined ? {} : { held }),
    images: (await staleOn(ledger.read<LineageTables>(), base)).map((image) => {
      const means = parts.settingsOf(image.reference)?.means;
      return { ...image, ...(means === undefined ? {} : { means }) };
    }),
  };
}

async function reached({ ledger }: HubParts, id: string): Promise<ApiReached[]> {
  const rows = await ledger
    .read<WatchTables>()
    .selectFrom('watch_findings')
    .innerJoin('watch_platforms', 'watch_platforms.digest', 'watch_findings.digest')
    .innerJoin('watch_tags', 'watch_tags.digest', 'watch_platforms.parent')
    .innerJoin('watch_images', 'watch_images.digest', 'watch_findings.digest')
    .select([
      'watch_tags.reference',
      'watch_findings.digest',
      'watch_images.platform',
      'watch_findings.id',
      'watch_findings.purl',
      'watch_findings.severity',
      'watch_findings.fixed_in',
      'watch_findings.since',
    ])
    .where('watch_findings.id', '=', id)
    .orderBy('watch_tags.reference')
    .orderBy('watch_images.platform')
    .execute();
  return rows.map(({ fixed_in, since, ...row }) => ({
    ...row,
    ...(fixed_in === null ? {} : { fixedIn: fixed_in }),
    since: iso(since),
  }));
}
