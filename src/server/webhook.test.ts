// Tests of the agent's door: whatever is posted, a definite answer, and none but the admission's allow admits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeAuthority, makeLeaf } from '../cluster/admission/index.ts';
import { makeImage } from '../testing/images.ts';
import { admissionFor, podOf, reviewOf } from '../testing/reviews.ts';
import { newKey, openYard, policyWith } from '../testing/yard.ts';
import { createLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createWebhook, type WebhookOptions } from './webhook.ts';

const key = newKey();
const certificate = makeLeaf(makeAuthority(Date.now()), ['localhost'], Date.now());

function doorOf(admission: WebhookOptions['admission']) {
  const lines: string[] = [];
  const metrics = createMetrics();
  const log = createLog('debug', { write: (text: string) => lines.push(text) });
  return { app: createWebhook({ admission, metrics, log, certificate }), metrics, lines };
}

const json = { 'content-type': 'application/json' };

test('a review is answered with its uid, warnings, audit annotations, and a denial that says why', async (context) => {
  const yard = await openYard(context);
  const policy = await policyWith(
    { build: key },
    { rules: [{ name: 'signed', signature: { by: ['build'] } }] },
  );
  const image = await yard.push('team/app', [makeImage()]);
  const name = `${yard.host}/team/app@${image.digest}`;
  const { app, metrics, lines } = doorOf(admissionFor(yard, policy));
  const post = async (path: string) => {
    const reply = await app.inject({
      method: 'POST',
      url: path,
      headers: json,
      payload: reviewOf(podOf(name)),
    });
    return { status: reply.statusCode, ...reply.json() };
  };
  const denied = await post('/admit/enforce?timeout=10s');
  assert.equal(denied.kind, 'AdmissionReview');
  assert.equal(denied.response.uid, 'a-uid');
  assert.equal(denied.response.allowed, false);
  assert.equal(denied.response.status.code, 403);
  assert.match(denied.response.status.message, /no signature/);
  assert.match(lines.join(''), /"msg":"refused"/);
  const audited = await post('/admit/audit');
  assert.equal(audited.response.allowed, true);
  assert.match(audited.response.auditAnnotations.images, /deny/);
  assert.match(
    await metrics.registry.metrics(),
    /images_not_allowed_total\{code="signature-missing",mode="enforce"\} 1/,
  );
});

test('what is no AdmissionReview is refused as such, and nothing of it is an allow', async (context) => {
  const yard = await openYard(context);
  const { app } = doorOf(admissionFor(yard, await policyWith({}, { registries: ['x.example.com/**'] })));
  const whole = reviewOf(podOf('x'));
  const request = whole['request'] as Record<string, unknown>;
  for (const payload of [
    '',
    'null',
    '[]',
    '{',
    '"x"',
    '{}',
    JSON.stringify({ ...whole, apiVersion: 'admission.k8s.io/v1beta1' }),
    JSON.stringify({ ...whole, request: null }),
    JSON.stringify({ ...whole, request: { ...request, uid: '' } }),
    JSON.stringify({ ...whole, request: { ...request, operation: 'READ' } }),
    JSON.stringify({ ...whole, request: { ...request, object: [] } }),
    JSON.stringify({ ...whole, request: { ...request, kind: 'Pod' } }),
    '['.repeat(100_000),
  ]) {
    const reply = await app.inject({ method: 'POST', url: '/admit/enforce', headers: json, payload });
    assert.equal(reply.statusCode, 400, payload.slice(0, 100));
    assert.ok(!reply.body.includes('"allowed":true'));
  }
  const huge = `{"x":"${'y'.repeat(17 << 20)}"}`;
  const reply = await app.inject({ method: 'POST', url: '/admit/enforce', headers: json, payload: huge });
  assert.equal(reply.statusCode, 413);
});

test('a kind that is not known, and an object without a spec, get a definite answer', async (context) => {
  const yard = await openYard(context);
  const { app } = doorOf(admissionFor(yard, await policyWith({}, { registries: ['x.example.com/**'] })));
  const ask = async (object: Record<string, unknown>) =>
    (
      await app.inject({ method: 'POST', url: '/admit/enforce', headers: json, payload: reviewOf(object) })
    ).json().response;
  assert.equal((await ask({ apiVersion: 'example.com/v1', kind: 'Widget' })).allowed, false);
  assert.equal((await ask({ apiVersion: 'v1', kind: 'Pod', spec: null })).allowed, true, 'it runs nothing');
  assert.equal((await ask({ apiVersion: 'v1', kind: 'Pod', spec: { containers: 'x' } })).allowed, false);
});

test('a bug of ours is logged with its stack, and allows nothing where the policy is enforced', async () => {
  const broken = {
    review: () => Promise.reject(new TypeError('x is not a function')),
    mutate: () => Promise.reject(new TypeError('x is not a function')),
  };
  const { app, lines } = doorOf(broken);
  const ask = async (url: string) =>
    (await app.inject({ method: 'POST', url, headers: json, payload: reviewOf(podOf('x')) })).json().response;
  assert.equal((await ask('/admit/enforce')).allowed, false);
  assert.equal((await ask('/admit/audit')).allowed, true);
  const mutated = await ask('/mutate');
  assert.deepEqual([mutated.allowed, mutated.patch], [true, undefined]);
  assert.match(lines.join(''), /TypeError: x is not a function/);
});

test('it answers before the API server gives up', async () => {
  let told: AbortSignal | undefined;
  const slow: WebhookOptions['admission'] = {
    review: (_request, _enforced, signal) =>
      new Promise((resolve) => {
        told = signal;
        signal.addEventListener('abort', () =>
          resolve({
            allowed: false,
            message: 'late',
            warnings: [],
            annotations: {},
            outcome: 'undecided',
            judged: [],
          }),
        );
      }),
    mutate: () => Promise.reject(new Error('not asked')),
  };
  const { app } = doorOf(slow);
  const reply = await app.inject({
    method: 'POST',
    url: '/admit/enforce?timeout=0s',
    headers: json,
    payload: reviewOf(podOf('x')),
  });
  assert.equal(reply.json().response.status.message, 'late');
  assert.equal(told?.aborted, true);
});

test('an agent that is about to stop ends each connection with its answer', async () => {
  let stopping = false;
  const fine: WebhookOptions['admission'] = {
    review: async () => ({ allowed: true, warnings: [], annotations: {}, outcome: 'allow', judged: [] }),
    mutate: () => Promise.reject(new Error('not asked')),
  };
  const log = createLog('error', { write: () => {} });
  const app = createWebhook({
    admission: fine,
    metrics: createMetrics(),
    log,
    certificate,
    isStopping: () => stopping,
  });
  const ask = async () =>
    (
      await app.inject({
        method: 'POST',
        url: '/admit/enforce',
        headers: json,
        payload: reviewOf(podOf('x')),
      })
    ).headers['connection'];
  assert.notEqual(await ask(), 'close');
  stopping = true;
  assert.equal(await ask(), 'close');
});

test('what hangs for ever is answered all the same, and is no allow', async () => {
  const hanging: WebhookOptions['admission'] = {
    review: () => new Promise(() => {}),
    mutate: () => new Promise(() => {}),
  };
  const { app } = doorOf(hanging);
  const ask = async (url: string) =>
    (await app.inject({ method: 'POST', url, headers: json, payload: reviewOf(podOf('x')) })).json().response;
  const answer = await ask('/admit/enforce?timeout=0s');
  assert.equal(answer.allowed, false);
  assert.match(answer.status.message, /not-in-time/);
  assert.equal((await ask('/mutate?timeout=0s')).allowed, true);
});
