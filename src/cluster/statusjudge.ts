// The verdicts of what runs: the same question is asked once, however many workloads share it.
import type { VerifierThread } from '../trust/index.ts';
import { checkersWith } from './checkers.ts';
import type { Running } from './running.ts';
import type { StatusOptions } from './statusanswer.ts';
import { givenBy } from './statuscluster.ts';
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
  verify: VerifierThread['verify'],
  pulls: PullSecretsOf,
  now: number,
): Judge {
  const checkerFor = checkersWith(options, options.registry, verify);
  const known = new Map<string, Promise<RunningVerdict>>();
  return async ({ status, labels, policy, mutates }, row) => {
    const { key, problem, references } = wantedOf(row);
    if (problem !== undefined) return { decision: 'undecided', failing: [], problem };
    const scan = scanned.get(key);
    // what could not be read may be refused by its name alone, or by evidence that can be
    const result = scan === undefined || 'problem' in scan ? undefined : scan.result;
    const its = labels.get(row.namespace) ?? { namespace: row.namespace };
    const given = givenBy(row.image, policy!.policy.mutateDigest, mutates);
    const pull = await pulls.first(status.context, row);
    const question = JSON.stringify([key, policy!.policy.hash, its, given, pull.scope]);
    const answer =
      known.get(question) ??
      judgeRunning(checkerFor(pull), policy!, {
        // by the pod's own name, wherever its content was read
        reference: nameOf(references[0]!, result?.target ?? {}),
        given,
        labels: its,
        ...(result === undefined ? {} : { scan: result }),
        now,
        ...(row.platform === undefined ? {} : { platform: row.platform }),
      });
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
