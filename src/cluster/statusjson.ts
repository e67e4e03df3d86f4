// A status as JSON; docs/schema/cluster-status.schema.json describes it.
import { version } from '../core/index.ts';
import type { ClusterStatus, RunningStatus } from './statusanswer.ts';
import type { Reach } from './statusreach.ts';

/** Times as ISO 8601; two spaces of indent and a newline at the end. */
export function statusJson({ at, contexts, images, database }: ClusterStatus, reach?: Reach): string {
  const whole = {
    schemaVersion: 1,
    tool: { name: 'seaworthy', version },
    judgedAt: iso(at),
    ...(database === undefined ? {} : { database }),
    contexts: contexts.map(({ policy, running, notStarted, ...context }) => ({
      ...context,
      ...(policy === undefined
        ? {}
        : {
            policy: { ...policy, ...(policy.changed === undefined ? {} : { changed: iso(policy.changed) }) },
          }),
      running: running.map(rowJson),
      notStarted,
    })),
    images,
    ...(reach === undefined
      ? {}
      : {
          reach: {
            id: reach.id,
            ids: reach.ids,
            known: reach.isKnown,
            reached: reach.reached.map(reachedJson),
            open: reach.open.map(reachedJson),
          },
        }),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

function reachedJson({ context, row, findings }: Reach['reached'][number]): object {
  const { namespace, workload, container, role, state, image, pods, key } = row;
  return { context, namespace, workload, container, role, state, image, pods, key, findings };
}

function rowJson({ verdict, ...row }: RunningStatus): object {
  if (verdict === undefined) return row;
  const { failing, grace, ...rest } = verdict;
  return {
    ...row,
    verdict: {
      ...rest,
      failing: failing.map(({ since, ...one }) => ({
        ...one,
        ...(since === undefined ? {} : { since: iso(since) }),
      })),
      ...(grace === undefined ? {} : { grace: { ...grace, until: iso(grace.until) } }),
    },
  };
}

function iso(ms: number): string {
  return new Date(Math.min(8.64e15, Math.max(-8.64e15, ms))).toISOString();
}
