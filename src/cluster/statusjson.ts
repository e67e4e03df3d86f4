// A status as JSON; docs/schema/cluster-status.schema.json describes it.
import { version } from '../core/index.ts';
import type { ClusterStatus } from './statusanswer.ts';
import type { JudgingPolicy } from './statuspolicy.ts';
import type { Reach } from './statusreach.ts';
import type { RunningVerdict } from './statusverdict.ts';

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
      running: running.map((row) => rowJson(row)),
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

export function rowJson<Row extends { verdict?: RunningVerdict }>({ verdict, ...row }: Row): object {
  return verdict === undefined ? row : { ...row, verdict: verdictJson(verdict) };
}

export function verdictJson({ failing, grace, ...rest }: RunningVerdict): object {
  return {
    ...rest,
    failing: failing.map(({ since, ...one }) => ({
      ...one,
      ...(since === undefined ? {} : { since: iso(since) }),
    })),
    ...(grace === undefined ? {} : { grace: { ...grace, until: iso(grace.until) } }),
  };
}

export function policyJson({ policy: { name, hash }, from, changed }: JudgingPolicy): object {
  return { name, hash, from, ...(changed === undefined ? {} : { changed: iso(changed) }) };
}

function iso(ms: number): string {
  return new Date(Math.min(8.64e15, Math.max(-8.64e15, ms))).toISOString();
}
