// Health, readiness and metrics, on a plain port of their own.
import fastify, { type FastifyInstance } from 'fastify';
import type { AgentMetrics } from './metrics.ts';

export interface HealthOptions {
  metrics: AgentMetrics;
  /** What is not there yet, a phrase each; empty: ready. */
  missing(): string[];
  /** Brings gauges up to date before they are read. */
  refresh(): void;
}

export function createHealth({ metrics, missing, refresh }: HealthOptions): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/healthz', async () => 'ok\n');
  app.get('/readyz', async (_request, reply) => {
    const waits = missing();
    return waits.length === 0 ? 'ok\n' : reply.code(503).send(`not ready: ${waits.join(', ')}\n`);
  });
  app.get('/metrics', async (_request, reply) => {
    refresh();
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return app;
}
