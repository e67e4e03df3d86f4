// A server of one cluster as its agent sees it: real orders in a real ledger, and the real record of what became of them.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openHome, parseJson, systemClock } from '../src/core/index.ts';
import { openLedger } from '../src/ledger/index.ts';
import type { OrderReport, SignedOrder } from '../src/server/contract/index.ts';
import { clusterTarget, openOrders, orderBook, orderKey, reportOrder } from '../src/server/orders.ts';

export interface Reported extends OrderReport {
  id: string;
  /** False: the order was over before. */
  isAccepted: boolean;
}

export interface OrderServer {
  url: string;
  /** PEM, of the key that orders are signed with. */
  publicKey: string;
  /** All that was reported of orders. */
  reports: Reported[];
  /** Gives the name that reports call it by. */
  issue(order: { reference: string; from: string; to: string; cause: string }): Promise<string>;
  /** What the record says of it. */
  look(id: string): Promise<OrderReport>;
  /** Once an outcome was accepted. */
  over(id: string): Promise<void>;
  close(): Promise<void>;
}

const path = /^\/v1\/agent\/orders\/(.+)$/;

/** `directory`: where its key is kept. */
export async function openOrderServer(directory: string, cluster: string): Promise<OrderServer> {
  const ledger = await openLedger({ url: 'sqlite::memory:', books: [orderBook] });
  const { key, publicKey } = orderKey(openHome(directory));
  const target = clusterTarget(cluster, { ledger, clock: systemClock, key });
  const { signal } = new AbortController();
  const reports: Reported[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const issued = new Map<string, Parameters<typeof target.look>[0]>();
  let news = Promise.withResolvers<void>();

  async function orders(wait: number, request: IncomingMessage): Promise<SignedOrder[]> {
    for (const until = performance.now() + wait; ; ) {
      const { promise } = news;
      const found = await openOrders(ledger, cluster);
      const left = until - performance.now();
      if (found.length > 0 || left <= 0 || request.destroyed) return found;
      await Promise.race([promise, delay(left, undefined, { ref: false })]);
    }
  }

  async function report(id: string, { state, text }: OrderReport): Promise<boolean> {
    const isAccepted = await reportOrder(ledger, cluster, id, { state, text }, Date.now());
    reports.push({ id, state, text, isAccepted });
    if (isAccepted && state !== 'running') ends.get(id)?.resolve();
    return isAccepted;
  }

  async function answer(request: IncomingMessage): Promise<{ status: number; body?: unknown }> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET')
      return {
        status: 200,
        body: { orders: await orders(Number(searchParams.get('wait')) * 1000, request) },
      };
    const text = Buffer.concat(await request.toArray()).toString();
    const id = path.exec(pathname)?.[1];
    if (id === undefined) return { status: 204 };
    return { status: (await report(decodeURIComponent(id), parseJson(text) as OrderReport)) ? 204 : 404 };
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, body }) => response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body)),
      (error: Error) => response.destroy(error),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publicKey,
    reports,
    async issue(order) {
      const given = { ...order, id: randomUUID() };
      const id = `${given.id}.${cluster}`;
      ends.set(id, Promise.withResolvers());
      issued.set(id, given);
      await target.start(given, signal);
      news.resolve();
      news = Promise.withResolvers();
      return id;
    },
    async look(id) {
      return (await target.look(issued.get(id)!, signal)) as OrderReport;
    },
    over: (id) => ends.get(id)!.promise,
    async close() {
      server.close();
      server.closeAllConnections();
      await ledger.close();
    },
  };
}
