// Work in the background by the API: jobs and events that nobody tries any more, and whether the audit trail is whole.
import type { FastifyInstance } from 'fastify';
import {
  type AuditAnswer,
  countJobs,
  listEvents,
  listJobs,
  record,
  replay,
  reviveJob,
  verifyAudit,
} from '../ledger/index.ts';
import type { Tokens } from './access/index.ts';
import { ApiRefusal, addRoute, textOf } from './api/index.ts';
import type { ApiAuditAnswer, ApiEvents, ApiJobs } from './contract/index.ts';
import { iso } from './hubname.ts';
import type { HubParts } from './hubparts.ts';
import { numberOf } from './hubquery.ts';

const jobStates = ['waiting', 'leased', 'dead'] as const;
const eventStates = ['waiting', 'delivered', 'dead'] as const;
const usual = 100;
const most = 1000;

/** `verified` hears what each verification found. */
export function addWorkRoutes(
  app: FastifyInstance,
  { ledger }: HubParts,
  tokens: Tokens,
  verified: (answer: AuditAnswer) => void,
): void {
  addRoute(app, tokens, 'GET', '/v1/jobs', 'read', async ({ query }): Promise<ApiJobs> => {
    const limit = numberOf(query, 'limit', usual, most);
    const state = oneOf(query, 'state', jobStates);
    const after = numberOf(query, 'after', undefined);
    const jobs = await listJobs(ledger, {
      limit,
      ...(query['kind'] === undefined ? {} : { kind: query['kind'] }),
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { after }),
    });
    return {
      jobs: jobs.map(({ runAt, enqueuedAt, changedAt, ...job }) => ({
        ...job,
        runAt: iso(runAt),
        enqueuedAt: iso(enqueuedAt),
        changedAt: iso(changedAt),
      })),
      counts: (await countJobs(ledger)).map(({ count, ...one }) => ({ ...one, count: Number(count) })),
      ...(jobs.length < limit ? {} : { next: String(jobs.at(-1)!.id) }),
    };
  });
  addRoute(app, tokens, 'POST', '/v1/jobs/:id/retry', 'renew', async ({ params, caller }) => {
    const id = numberOf({ id: params['id']! }, 'id', 0);
    await ledger.write(async (write) => {
      await reviveJob(write, id);
      await record(write, { actor: caller.name, action: 'job.retried', subject: String(id), detail: {} });
    });
  });
  addRoute(app, tokens, 'GET', '/v1/outbox', 'read', async ({ query }): Promise<ApiEvents> => {
    const limit = numberOf(query, 'limit', usual, most);
    const state = oneOf(query, 'state', eventStates);
    const before = numberOf(query, 'after', undefined);
    const events = await listEvents(ledger, {
      limit,
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { before }),
    });
    return {
      // the payload is for its receiver
      events: events.map(({ seq: _, payload: __, postedAt, changedAt, ...event }) => ({
        ...event,
        postedAt: iso(postedAt),
        changedAt: iso(changedAt),
      })),
      ...(events.length < limit ? {} : { next: String(events.at(-1)!.seq) }),
    };
  });
  addRoute(app, tokens, 'POST', '/v1/outbox/retry', 'renew', async ({ body, caller }) => {
    const [channel, id] = [textOf(body, 'channel'), textOf(body, 'id')];
    await ledger.write(async (write) => {
      await replay(write, channel, id);
      await record(write, { actor: caller.name, action: 'event.retried', subject: id, detail: { channel } });
    });
  });
  const verify = alone(() => verifyAudit(ledger));
  addRoute(app, tokens, 'GET', '/v1/audit/verify', 'read', async ({ query }): Promise<ApiAuditAnswer> => {
    const seq = numberOf(query, 'seq', undefined);
    const noted = seq === undefined ? undefined : { seq, hash: hashOf(query) };
    const answer = noted === undefined ? await verify() : await verifyAudit(ledger, noted);
    verified(answer);
    return answer;
  });
}

/** Who asks while somebody's question is being answered gets the same answer: the whole trail is read for each. */
function alone<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

function hashOf(query: Readonly<Record<string, string>>): string {
  const hash = textOf(query, 'hash');
  if (/^[0-9a-f]{64}$/.test(hash)) return hash;
  throw new ApiRefusal(
    400,
    'parameter-invalid',
    'expected hash as 64 hexadecimal digits, got something else',
  );
}

function oneOf<T extends string>(
  query: Readonly<Record<string, string>>,
  name: string,
  known: readonly T[],
): T | undefined {
  const text = query[name];
  if (text === undefined || known.includes(text as T)) return text as T | undefined;
  throw new ApiRefusal(
    400,
    'parameter-invalid',
    `expected ${name} as ${known.join(', ')}, got something else`,
  );
}
