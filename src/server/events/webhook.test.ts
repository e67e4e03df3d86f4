import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../net/index.ts';
import { signWebhook, webhookDelivery } from './webhook.ts';

test('the signature is the one of the specification’s own example', () => {
  // github.com/standard-webhooks/standard-webhooks, spec: "Example signatures"
  const body = '{"test": 2432232314}';
  assert.equal(
    signWebhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body),
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  );
});

async function receiver(t: TestContext, status: () => number) {
  const got: { headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(status()).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const http = createClient({});
  t.after(async () => {
    await http.close();
    await new Promise((done) => server.close(done));
  });
  return { got, http, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

test('an event is told with an id that stays the same, and one that is not taken is a fault', async (t) => {
  let status = 200;
  const { got, http, url } = await receiver(t, () => status);
  const now = Date.UTC(2026, 10, 27);
  const deliver = webhookDelivery(http, { url, secret: 'secret' }, () => now);
  const event = {
    channel: 'notify',
    id: 'r1.done',
    payload: { event: 'renewal', renewal: 'r1', state: 'done', text: '' },
    attempt: 1,
    postedAt: now - 1000,
  };
  await deliver(event, new AbortController().signal);
  const [{ headers, body } = { headers: {}, body: '' }] = got;
  assert.deepEqual(JSON.parse(body), {
    type: 'renewal.done',
    timestamp: '2026-11-26T23:59:59.000Z',
    data: event.payload,
  });
  assert.equal(headers['webhook-id'], 'r1.done');
  assert.equal(headers['webhook-signature'], signWebhook('secret', 'r1.done', now / 1000, body));
  status = 503;
  await assert.rejects(deliver(event, new AbortController().signal), {
    code: 'webhook-refused',
    message: /got 503/,
  });
});
