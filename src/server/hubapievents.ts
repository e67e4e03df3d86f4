// Registries that tell of pushes.
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import type { WatchTables } from '../watch/index.ts';
import { ApiRefusal } from './api/index.ts';
import { parsePush } from './events/index.ts';
import { hinted } from './hubjobs.ts';
import type { HubParts } from './hubparts.ts';

/** A registry is known by the secret that it was given; whatever it tells is only looked into. */
export function addEventRoutes(app: FastifyInstance, parts: HubParts): void {
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
