// The verdicts of what runs: the same question is asked once, however many workloads share it.
import { createChecker, VerdictCache } from '../trust/index.ts';
import type { Running } from './running.ts';
import type { StatusOptions } from './statusanswer.ts';
import { wantedOf } from './statusimages.ts';
import type { Look } from './statuslook.ts';
import type { PullSecretsOf } from './statuspulls.ts';
import type { Scanned } from './statusscan.ts';
import { judgeRunning, type RunningVerdict } from './statusverdict.ts';

export type Judge = (look: Look, row: Running) => Promise<RunningVerdict>;

/** The same image under the same policy, named the same way, with the same labels, is judged once. */
export function judgeWith(
  options: StatusOptions,
  scanned: ReadonlyMap<string, Scanned>,
  verify: NonNullable<Parameters<typeof createChecker>[0]['verify']>,
  pulls: PullSecretsOf,
  now: number,
): Judge {
  const { home, http, clock, registry, env } = options;
  const cache = new VerdictCache();
  const known = new Map<string, Promise<RunningVerdict>>();
  return async ({ status, labels, policy }, row) => {
    const { key, problem } = wantedOf(row);
    const scan = scanned.get(key);
    if (scan === undefined || problem !== undefined || 'problem' in scan) {
      const why = problem ?? (scan && 'problem' in scan ? scan.problem : undefined);
      return { decision: 'undecided', failing: [], ...(why === undefined ? {} : { problem: why }) };
    }
    const its = labels.get(row.namespace) ?? { namespace: row.namespace };
    const isPinned = row.image.includes('@') || policy!.policy.mutateDigest;
    const { credentials, scope } = await pulls.first(status.context, row);
    const question = JSON.stringify([key, policy!.policy.hash, its, isPinned, scope]);
    const answer =
      known.get(question) ??
      judgeRunning(
        createChecker({
          home,
          http,
          clock,
          verify,
          cache,
          credentialScope: scope,
          ...registry,
          ...(env === undefined ? {} : { env }),
          ...(credentials === undefined ? {} : { credentials }),
        }),
        policy!,
        {
          reference: nameOf(scan.reference, scan.result.target),
          given: isPinned ? 'digest' : 'tag',
          labels: its,
          scan: scan.result,
          now,
          ...(row.platform === undefined ? {} : { platform: row.platform }),
        },
      );
    known.set(question, answer);
    return answer;
  };
}

/** By the digest that was read, so that a tag that moves meanwhile changes nothing. */
function nameOf(
  reference: string,
  { digest, indexDigest }: { digest?: string; indexDigest?: string },
): string {
  const whole = indexDigest ?? digest;
  return reference.includes('@') || whole === undefined
    ? reference
    : `${reference.replace(/:[^:/]*$/, '')}@${whole}`;
}
