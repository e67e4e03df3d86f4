// What the agent counts, as Prometheus reads it.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface AgentMetrics {
  registry: Registry;
  /** Seconds from the request to its answer, by what was asked and what came of it. */
  reviews: Histogram<'path' | 'outcome'>;
  /** Images that were not allowed, by code. */
  refusals: Counter<'code' | 'mode'>;
  /** Requests that were no AdmissionReview, or ended in a bug. */
  failures: Counter<'reason'>;
  policyReady: Gauge;
  certificateSeconds: Gauge<'which'>;
  clockAhead: Gauge;
  leading: Gauge;
  problems: Counter<'what' | 'code'>;
}

export function createMetrics(): AgentMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    reviews: new Histogram({
      name: 'seaworthy_admission_seconds',
      help: 'Seconds until an AdmissionReview was answered',
      labelNames: ['path', 'outcome'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    refusals: new Counter({
      name: 'seaworthy_admission_images_not_allowed_total',
      help: 'Images that the policy did not allow, by code; mode audit let them pass',
      labelNames: ['code', 'mode'],
      registers,
    }),
    failures: new Counter({
      name: 'seaworthy_admission_failures_total',
      help: 'Requests that could not be judged at all',
      labelNames: ['reason'],
      registers,
    }),
    policyReady: new Gauge({
      name: 'seaworthy_policy_ready',
      help: '1 when the policy resource is the one in force, 0 when it is invalid or missing',
      registers,
    }),
    certificateSeconds: new Gauge({
      name: 'seaworthy_certificate_expiry_seconds',
      help: 'Seconds until a certificate expires',
      labelNames: ['which'],
      registers,
    }),
    clockAhead: new Gauge({
      name: 'seaworthy_clock_behind_seconds',
      help: 'Seconds by which the API server is ahead of the clock here; times are judged by the API server',
      registers,
    }),
    leading: new Gauge({ name: 'seaworthy_leading', help: '1 for the replica that writes', registers }),
    problems: new Counter({
      name: 'seaworthy_problems_total',
      help: 'What failed and is tried again: watches, writes',
      labelNames: ['what', 'code'],
      registers,
    }),
  };
}
