// What the server counts, as Prometheus reads it.
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { type AuditAnswer, countEvents, countJobs, type Ledger } from '../ledger/index.ts';

export interface HubMetrics {
  contentType: string;
  /** Asks the ledger first; what it does not answer is left out, and said by `seaworthy_ledger_up`. */
  text(): Promise<string>;
  verified(answer: AuditAnswer): void;
}

export function createHubMetrics(ledger: Ledger, isRenewing: boolean): HubMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Gauge<T>({ name, help, labelNames, registers });
  gauge('seaworthy_renewing', '1 when there is a key to sign renewals with').set(isRenewing ? 1 : 0);
  const up = gauge('seaworthy_ledger_up', '1 when the ledger answered');
  const jobs = gauge('seaworthy_jobs', 'Jobs; dead ones are tried no more', ['kind', 'state']);
  const dead = gauge('seaworthy_outbox_dead', 'Events that nobody took and that are tried no more', [
    'channel',
  ]);
  const waiting = gauge('seaworthy_outbox_waiting', 'Events that are to be told', ['channel']);
  const entries = gauge(
    'seaworthy_audit_entries',
    'Entries that the last verification found as they were written',
  );
  const broken = gauge(
    'seaworthy_audit_broken',
    '1 when the last verification found an entry changed or missing',
  );
  for (const one of [entries, broken]) one.remove();
  return {
    contentType: registry.contentType,
    async text() {
      for (const one of [jobs, dead, waiting]) one.reset();
      try {
        for (const { kind, state, count } of await countJobs(ledger))
          jobs.set({ kind, state }, Number(count));
        for (const { channel, state, count } of await countEvents(ledger))
          if (state === 'dead') dead.set({ channel }, count);
          else waiting.set({ channel }, count);
        up.set(1);
      } catch {
        up.set(0);
      }
      return registry.metrics();
    },
    verified(answer) {
      entries.set(answer.entries);
      broken.set(answer.broken === undefined ? 0 : 1);
    },
  };
}
