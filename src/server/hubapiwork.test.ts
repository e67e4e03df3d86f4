import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/index.ts';
import {
  type AuditAnswer,
  enqueue,
  type Ledger,
  listAudit,
  post,
  record,
  startDelivery,
  startWorkers,
} from '../ledger/index.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { accessBook, createTokens, type Role } from './access/index.ts';
import { createApp } from './api/index.ts';
import type { ApiAuditAnswer, ApiEvents, ApiJobs } from './contract/index.ts';
import { addWorkRoutes } from './hubapiwork.ts';
import { createHubMetrics } from './hubmetrics.ts';
import type { HubParts } from './hubparts.ts';

async function api(ledger: Ledger, role: Role) {
  const tokens = createTokens(ledger, systemClock);
  const token = await tokens.create({ name: 'olga', role }, 'test');
  const answers: AuditAnswer[] = [];
  const app = createApp({ tokens, onBug: (_, error) => assert.fail(String(error)) });
  addWorkRoutes(app, { ledger } as HubParts, tokens, (answer) => answers.push(answer));
  const ask = async <T>(method: 'GET' | 'POST', url: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await app.inject({
      method,
      url,
      headers,
      ...(body === undefined ? {} : { payload: body }),
    });
    return { status: answer.statusCode, body: (answer.body === '' ? {} : answer.json()) as T };
  };
  return { ask, answers };
}

for (const ledgers of testLedgers()) {
  test(`jobs that nobody tries any more are listed, counted and run again by whoever may (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [accessBook] });
    let isBroken = true;
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const { promise: dead, resolve: gaveUp } = Promise.withResolvers<void>();
    const workers = startWorkers(ledger, {
      handlers: {
        work: async () => {
          if (isBroken) throw new Error('it is broken');
          finish();
          return 'done';
        },
      },
      concurrency: 1,
      backoff: () => 1,
      onFailure: (_job, _error, isLast) => (isLast ? gaveUp() : undefined),
    });
    t.after(() => workers.stop());
    await ledger.write((write) => enqueue(write, { kind: 'work', key: 'a', payload: { n: 1 }, attempts: 1 }));
    await dead;
    const metrics = createHubMetrics(ledger, true);
    const operator = await api(ledger, 'operator');
    const listed = await operator.ask<ApiJobs>('GET', '/v1/jobs?state=dead');
    assert.deepEqual(
      listed.body.jobs.map(({ kind, key, state, error }) => [kind, key, state, error]),
      [['work', 'a', 'dead', 'it is broken']],
    );
    assert.deepEqual(listed.body.counts, [{ kind: 'work', state: 'dead', count: 1 }]);
    assert.match(await metrics.text(), /^seaworthy_jobs\{kind="work",state="dead"\} 1$/m);
    const { id } = listed.body.jobs[0]!;
    assert.equal((await operator.ask<ApiJobs>('GET', '/v1/jobs?limit=1')).body.next, String(id));
    assert.deepEqual((await operator.ask<ApiJobs>('GET', `/v1/jobs?after=${id}`)).body.jobs, []);
    for (const query of ['state=lost', 'limit=0', 'limit=1001', 'after=x'])
      assert.equal((await operator.ask('GET', `/v1/jobs?${query}`)).status, 400, query);

    const reader = await api(ledger, 'reader');
    assert.equal((await reader.ask('POST', `/v1/jobs/${id}/retry`, {})).status, 403);
    isBroken = false;
    assert.equal((await operator.ask('POST', `/v1/jobs/${id}/retry`, {})).status, 204);
    await done;
    assert.equal((await operator.ask('POST', `/v1/jobs/${id + 1}/retry`, {})).status, 404);
    assert.deepEqual(
      (await listAudit(ledger, { action: 'job.retried' })).map(({ actor, subject }) => [actor, subject]),
      [['olga', String(id)]],
    );
  });

  test(`events that nobody took are listed without what they tell, counted and told again (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [accessBook] });
    const operator = await api(ledger, 'operator');
    await ledger.write((write) => post(write, { channel: 'hook', id: 'e1', payload: { secret: 'x' } }));
    const metrics = createHubMetrics(ledger, true);
    assert.match(await metrics.text(), /^seaworthy_outbox_waiting\{channel="hook"\} 1$/m);
    const waiting = await operator.ask<ApiEvents>('GET', '/v1/outbox');
    assert.deepEqual(
      waiting.body.events.map(({ channel, id, state }) => [channel, id, state]),
      [['hook', 'e1', 'waiting']],
    );
    assert.equal(JSON.stringify(waiting.body).includes('secret'), false);
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    let times = 0;
    const delivery = startDelivery(ledger, {
      channels: {
        hook: async () => {
          if (++times === 2) tell();
        },
      },
    });
    t.after(() => delivery.stop());
    for (;;) {
      const { body } = await operator.ask<ApiEvents>('GET', '/v1/outbox?state=delivered');
      if (body.events.length === 1) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const again = { channel: 'hook', id: 'e1' };
    assert.equal((await operator.ask('POST', '/v1/outbox/retry', again)).status, 204);
    await told;
    assert.equal((await operator.ask('POST', '/v1/outbox/retry', { ...again, id: 'e2' })).status, 404);
    assert.equal((await operator.ask('POST', '/v1/outbox/retry', { id: 'e1' })).status, 400);
  });

  test(`the audit trail is verified, also against an end that was noted, and what was found is a metric (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [accessBook] });
    const operator = await api(ledger, 'reader');
    for (const subject of ['a', 'b'])
      await ledger.write((write) => record(write, { actor: 'x', action: 'y', subject, detail: {} }));
    const metrics = createHubMetrics(ledger, true);
    assert.doesNotMatch(await metrics.text(), /^seaworthy_audit_broken \d/m);
    const { body } = await operator.ask<ApiAuditAnswer>('GET', '/v1/audit/verify');
    assert.deepEqual([body.broken, body.entries, body.end.seq], [undefined, 3, 3]);
    metrics.verified(operator.answers[0]!);
    assert.match(await metrics.text(), /^seaworthy_audit_broken 0$/m);
    const noted = await operator.ask<ApiAuditAnswer>('GET', `/v1/audit/verify?seq=3&hash=${'0'.repeat(64)}`);
    assert.equal(noted.body.broken?.seq, 3);
    metrics.verified(operator.answers[1]!);
    assert.match(await metrics.text(), /^seaworthy_audit_broken 1$/m);
    for (const query of ['seq=3', 'seq=3&hash=x', 'seq=0&hash=x'])
      assert.equal((await operator.ask('GET', `/v1/audit/verify?${query}`)).status, 400, query);
  });
}
