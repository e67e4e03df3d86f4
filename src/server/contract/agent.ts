// The agent's side of the API: orders fetched, what became of them and what runs reported, over outbound HTTPS alone.
import { parseJson } from '../../core/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { ServerFault } from './fault.ts';
import type { OrderReport, RunningItem, SignedOrder } from './order.ts';

export interface AgentApi {
  /** Those that are not over; waits up to `waitSeconds` for one. */
  orders(waitSeconds: number): Promise<SignedOrder[]>;
  report(id: string, report: OrderReport): Promise<void>;
  running(items: readonly RunningItem[]): Promise<void>;
}

export interface AgentApiOptions {
  http: HttpClient;
  url: string;
  /** Read for each request: it may be replaced. */
  token(): string;
  signal: AbortSignal;
}

const answerBytes = 8 << 20;

export function createAgentApi({ http, url, token, signal }: AgentApiOptions): AgentApi {
  async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await http.request({
      method,
      url: new URL(path, url),
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      authorization: `Bearer ${token().trim()}`,
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      redirects: 'manual',
      retries: 0,
      signal,
    });
    const text = (await response.bytes(answerBytes)).toString('utf8');
    if (response.status === 204) return undefined;
    if (response.status !== 200)
      throw new ServerFault('server-refused', `expected an answer of ${url}, got status ${response.status}`, {
        hint: 'see the log of the server, and whether the token is one of this cluster',
      });
    return parseJson(text);
  }
  return {
    async orders(waitSeconds) {
      const answer = (await ask('GET', `/v1/agent/orders?wait=${waitSeconds}`)) as {
        orders?: unknown;
      } | null;
      if (!Array.isArray(answer?.orders))
        throw new ServerFault('server-answer', `expected orders of ${url}, got another document`);
      return answer.orders as SignedOrder[];
    },
    async report(id, report) {
      await ask('POST', `/v1/agent/orders/${encodeURIComponent(id)}`, report);
    },
    async running(items) {
      await ask('POST', '/v1/agent/running', { items });
    },
  };
}
