// What agents ask: their orders, and what they tell of them and of what runs.
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { isDigest } from '../image/index.ts';
import type { Write } from '../ledger/index.ts';
import { wakeImage } from '../renewal/index.ts';
import type { WatchTables } from '../watch/index.ts';
import type { Caller, Tokens } from './access/index.ts';
import { ApiRefusal, addRoute, textOf } from './api/index.ts';
import type { OrderState, RunningItem } from './contract/index.ts';
import { enqueueEvidence } from './hubevidence.ts';
import type { HubParts } from './hubparts.ts';
import { openOrders, reportOrder } from './orders.ts';

const states: readonly OrderState[] = ['running', 'done', 'returned', 'failed', 'nothing', 'refused'];
const longestWait = 60;
const lookEvery = 250;
const mostItems = 100_000;
/** Ms, at most, after a report until what runs is looked at for its evidence. */
const settles = 30_000;

export function addAgentRoutes(app: FastifyInstance, parts: HubParts, tokens: Tokens): void {
  const { ledger, clock } = parts;
  addRoute(app, tokens, 'GET', '/v1/agent/orders', 'report', async ({ caller, query, request }) => {
    const cluster = clusterOf(caller);
    const wait = Math.min(longestWait, Number(query['wait'] ?? 0) || 0) * 1000;
    for (const until = performance.now() + wait; ; ) {
      const orders = await openOrders(ledger, cluster);
      if (orders.length > 0 || performance.now() >= until || request.raw.destroyed) return { orders };
      await delay(lookEvery);
    }
  });
  addRoute(app, tokens, 'POST', '/v1/agent/orders/:id', 'report', async ({ caller, params, body }) => {
    const state = textOf(body, 'state') as OrderState;
    if (!states.includes(state))
      throw new ApiRefusal(400, 'parameter-invalid', `expected a state of ${states.join(', ')}, got another`);
    const text = typeof body['text'] === 'string' ? body['text'] : '';
    const id = params['id']!;
    if (!(await reportOrder(ledger, clusterOf(caller), id, { state, text }, clock.now().getTime())))
      throw new ApiRefusal(
        404,
        'not-found',
        `expected an order to ${clusterOf(caller)} that is not over, got ${id}`,
      );
    // whoever waits for it need not look again by the clock
    const image = id.slice(0, id.length - clusterOf(caller).length - 1);
    if (state !== 'running') await ledger.write((write) => wakeImage(write, image));
  });
  addRoute(app, tokens, 'POST', '/v1/agent/running', 'report', async ({ caller, body }) => {
    const items = body['items'];
    if (!Array.isArray(items) || items.length > mostItems)
      throw new ApiRefusal(
        400,
        'parameter-invalid',
        `expected at most ${mostItems} items, got something else`,
      );
    await ledger.write(async (write: Write<WatchTables>) => {
      const now = clock.now().getTime();
      await keepRunning(write, clusterOf(caller), items as RunningItem[], now);
      // a rollout reports several times; a time of day, because each report would put the look off
      await enqueueEvidence(write, (Math.floor(now / settles) + 1) * settles);
    });
  });
}

function clusterOf({ cluster }: Caller): string {
  if (cluster === undefined)
    throw new ApiRefusal(403, 'not-allowed', 'expected the token of an agent, got another');
  return cluster;
}

async function keepRunning(
  write: Write<WatchTables>,
  cluster: string,
  items: readonly RunningItem[],
  now: number,
): Promise<void> {
  await write.deleteFrom('watch_running').where('cluster', '=', cluster).execute();
  const rows = items.filter(isItem).map(({ namespace, kind, name, container, reference, digest }) => ({
    cluster,
    namespace,
    kind,
    name,
    container,
    reference,
    digest,
    reported_at: now,
  }));
  for (let at = 0; at < rows.length; at += 500)
    await write
      .insertInto('watch_running')
      .values(rows.slice(at, at + 500))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
}

function isItem(item: RunningItem): boolean {
  const texts = [item?.namespace, item?.kind, item?.name, item?.container, item?.reference];
  return (
    texts.every((text) => typeof text === 'string' && text.length <= 2000) && isDigest(String(item.digest))
  );
}
