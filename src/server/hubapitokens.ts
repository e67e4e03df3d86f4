// Tokens by the API.
import type { FastifyInstance } from 'fastify';
import { type Role, roles, type Tokens } from './access/index.ts';
import { ApiRefusal, addRoute, textOf } from './api/index.ts';
import { iso } from './hubname.ts';

export function addTokenRoutes(app: FastifyInstance, tokens: Tokens, now: () => number): void {
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
