// A server on a free port of this machine, for the length of a test.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { TestContext } from 'node:test';
import type { FastifyInstance } from 'fastify';

/** Listens, and is closed when the test ends; gives `127.0.0.1:PORT`. */
export async function listenApp(app: FastifyInstance, context: Pick<TestContext, 'after'>): Promise<string> {
  await app.listen({ port: 0, host: '127.0.0.1' });
  context.after(() => app.close());
  return hostOf(app.server);
}

export async function listenHandler(
  handler: RequestListener,
  context: Pick<TestContext, 'after'>,
): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return hostOf(server);
}

function hostOf(server: Pick<Server, 'address'>): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected a port');
  return `127.0.0.1:${address.port}`;
}
