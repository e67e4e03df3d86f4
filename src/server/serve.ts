// The server listens: API, health and metrics on one address, the registry on its own; and stops in order.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createApp } from './api/index.ts';
import { addressOf } from './embedded.ts';
import { type HubOptions, startHub } from './hub.ts';
import { addAgentRoutes } from './hubagentapi.ts';
import { addHubRoutes } from './hubapi.ts';
import { addWorkRoutes } from './hubapiwork.ts';
import { createHubMetrics } from './hubmetrics.ts';

export interface Served {
  /** `http://127.0.0.1:7420` */
  url: string;
  /** Of the registry of its own. */
  registry: string | undefined;
  /** File with a token that may everything; made at the first start. */
  tokenFile: string;
  close(): Promise<void>;
}

/** Rejects with Faults; what was started is stopped then. */
export async function serveHub(options: HubOptions): Promise<Served> {
  const { config, home, log } = options;
  const hub = await startHub(options);
  try {
    const https =
      config.tls === undefined
        ? undefined
        : {
            key: readFileSync(config.file(config.tls.key), 'utf8'),
            cert: readFileSync(config.file(config.tls.certificate), 'utf8'),
          };
    const app = createApp({
      tokens: hub.tokens,
      ...(https === undefined ? {} : { https }),
      onBug: (request, error) => log.error({ request, error }, 'a bug: a request could not be answered'),
    });
    addHubRoutes(app, hub.parts, hub.tokens, hub.embedded?.domain);
    addAgentRoutes(app, hub.parts, hub.tokens);
    const metrics = createHubMetrics(hub.parts.ledger, hub.parts.renewal !== undefined);
    addWorkRoutes(app, hub.parts, hub.tokens, metrics.verified);
    app.get('/healthz', async () => 'ok\n');
    app.get('/readyz', async (_request, reply) => {
      try {
        await hub.parts.ledger.ping();
        return 'ok\n';
      } catch {
        return reply.code(503).send('not ready: the database does not answer\n');
      }
    });
    app.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    );
    const { host, port } = addressOf(config.listen ?? '127.0.0.1:7420');
    await app.listen({ host, port });
    const bound = (app.server.address() as AddressInfo).port;
    const url = `${https === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`;
    const tokenFile = await adminToken(hub.tokens, home.dir());
    log.info(
      { url, registry: hub.embedded?.domain, database: hub.parts.ledger.dialect },
      'the server listens',
    );
    return {
      url,
      registry: hub.embedded?.domain,
      tokenFile,
      async close() {
        await app.close();
        await hub.close();
      },
    };
  } catch (error) {
    await hub.close();
    throw error;
  }
}

/** The first token, for whoever can read the home. */
async function adminToken(
  tokens: Awaited<ReturnType<typeof startHub>>['tokens'],
  dir: string,
): Promise<string> {
  const file = join(dir, 'token');
  if (existsSync(file) && (await tokens.find(readFileSync(file, 'utf8').trim())) !== undefined) return file;
  const token = await tokens.create({ name: 'admin', role: 'admin' }, 'seaworthy serve');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return file;
}
