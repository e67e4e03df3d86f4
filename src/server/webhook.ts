// The door of the agent: the API server's reviews over TLS, answered within their time; a bug never allows.
import type { Server } from 'node:https';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import {
  type Admission,
  AdmissionFault,
  answerText,
  type Decision,
  parseReview,
  type ReviewRequest,
} from '../cluster/admission/index.ts';
import type { Logger } from './log.ts';
import type { AgentMetrics } from './metrics.ts';

export interface WebhookOptions {
  admission: Admission;
  metrics: AgentMetrics;
  log: Logger;
  /** PEM; replaced while it listens by `setSecureContext` of its server. */
  certificate: { cert: string; key: string };
  /** It is about to stop: each answer ends its connection, so that nobody sends into one that closes. */
  isStopping?(): boolean;
}

/** Bytes of a review: an object has 3 MiB at most, and comes with what it was before. */
const bodyBytes = 16 << 20;
/** Ms that an answer takes at most, whatever the API server would wait. */
const longest = 8_000;
/** Of the time that the API server waits: the rest is for the way back. */
const share = 0.8;
/** Ms between the end of the time and an answer that knows nothing. */
const moment = 200;
/** Ms for a namespace that does not enforce: nobody waits for what is only told. */
const auditTime = 1_000;

export type Webhook = FastifyInstance<Server>;

export function createWebhook({ admission, metrics, log, certificate, isStopping }: WebhookOptions): Webhook {
  const app = fastify({
    https: { cert: certificate.cert, key: certificate.key, minVersion: 'TLSv1.2' },
    bodyLimit: bodyBytes,
    logger: false,
    keepAliveTimeout: 120_000,
    forceCloseConnections: 'idle',
  }) as unknown as Webhook;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.addHook('onSend', async (_request, reply, payload) => {
    if (isStopping?.() === true) reply.header('connection', 'close');
    return payload;
  });
  app.post('/admit/enforce', (request, reply) => answer(request, reply, 'enforce'));
  app.post('/admit/audit', (request, reply) => answer(request, reply, 'audit'));
  app.post('/mutate', (request, reply) => answer(request, reply, 'mutate'));
  return app;

  async function answer(request: FastifyRequest, reply: FastifyReply, path: Path): Promise<unknown> {
    const started = performance.now();
    let review: ReviewRequest;
    try {
      review = parseReview(JSON.parse(String(request.body ?? '')));
    } catch (error) {
      if (!(error instanceof AdmissionFault) && !(error instanceof SyntaxError)) throw error;
      metrics.failures.inc({ reason: 'review-invalid' });
      return reply.code(400).type('text/plain').send(`${error.message}\n`);
    }
    const time = timeFor(path, (request.query as { timeout?: unknown }).timeout);
    const decision = await decide(review, path, time);
    const text = answerText(review.uid, decision);
    const seconds = (performance.now() - started) / 1000;
    metrics.reviews.observe({ path, outcome: decision.outcome }, seconds);
    tell(review, path, decision, seconds);
    return reply.type('application/json').send(text);
  }

  async function decide(review: ReviewRequest, path: Path, time: number): Promise<Decision> {
    const aborter = new AbortController();
    const timer = setTimeout(() => aborter.abort(), time);
    try {
      const work =
        path === 'mutate'
          ? admission.mutate(review, aborter.signal)
          : admission.review(review, path === 'enforce', aborter.signal);
      return await Promise.race([work, tooLate(aborter.signal, path)]);
    } catch (error) {
      metrics.failures.inc({ reason: 'internal-error' });
      log.error({ error, uid: review.uid }, 'a review could not be judged');
      // Mutation decides nothing; a review that cannot be made is no allow where the policy is enforced.
      const allowed = path !== 'enforce';
      const message = 'the review could not be made; the log of the agent says why';
      return { allowed, message, warnings: [], annotations: {}, outcome: 'undecided', judged: [] };
    } finally {
      clearTimeout(timer);
    }
  }

  function tell(review: ReviewRequest, path: Path, decision: Decision, seconds: number): void {
    for (const { verdict, problem } of decision.judged) {
      if (verdict?.decision === 'allow') continue;
      const open = verdict?.rules.find(
        ({ outcome, mode }) => outcome !== 'met' && outcome !== 'excepted' && mode === 'enforce',
      );
      metrics.refusals.inc({ code: open?.code ?? problem?.code ?? 'undecided', mode: path });
    }
    const noteworthy =
      !decision.allowed || decision.outcome === 'kept' || decision.annotations['exceptions'] !== undefined;
    log[noteworthy ? 'warn' : 'debug'](
      {
        path,
        operation: review.operation,
        kind: review.kind.kind,
        namespace: review.namespace,
        name: review.name,
        user: review.asker.username,
        outcome: decision.outcome,
        ...decision.annotations,
        seconds: Number(seconds.toFixed(4)),
        ...(review.dryRun ? { dryRun: true } : {}),
      },
      decision.allowed ? 'admitted' : 'refused',
    );
  }
}

type Path = 'enforce' | 'audit' | 'mutate';

/** Whatever hangs, the API server is answered: a moment after the time is over, in which what is there can be told. */
function tooLate(signal: AbortSignal, path: Path): Promise<Decision> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      const message =
        'undecided (not-in-time): the answer is not there yet; it is being worked on, so try again';
      const late: Decision = {
        allowed: path !== 'enforce',
        message,
        warnings: [],
        annotations: {},
        outcome: 'undecided',
        judged: [],
      };
      setTimeout(() => resolve(late), moment).unref();
    });
  });
}

/** The API server says how long it waits: `?timeout=10s`. */
function timeFor(path: Path, timeout: unknown): number {
  const given = /^(\d{1,3})s$/.exec(String(timeout ?? ''));
  const waits = given === null ? longest : Number(given[1]) * 1000 * share;
  return Math.min(waits, path === 'audit' ? auditTime : longest);
}
