// Who signed, counted so that nobody counts twice, and why the others do not count.
import { type Answer, type Rejected, type Signed, signerName } from '../evidence/index.ts';
import type { Unlisted } from './facts.ts';
import { type Obstacle, obstacle } from './part.ts';
import type { ImagePolicy } from './policy.ts';
import type { Fix } from './verdict.ts';

/** One signer in a sentence: short, for a key under the name that the policy gives it. */
export function signerText({ authority, signer, warnings }: Signed): string {
  const name =
    signer.kind === 'key' ? `${authority} (key ${signer.fingerprint.slice(0, 19)})` : signerName(signer);
  return warnings === undefined || warnings.length === 0
    ? name
    : `${name}, of which was only logged: ${warnings.join('; ')}`;
}

export interface Tally {
  /** One for each signer. */
  signers: ReadonlyMap<string, Signed>;
  rejected: readonly Rejected[];
}

/** Whether rejected evidence may have been a statement of one of these types, by what it says itself. */
export function mayState(states: string | undefined, types: readonly string[]): boolean {
  return states === undefined || states === '' || types.includes(states);
}

/** `counts` chooses among the verified; `concerns` among the rejected. */
export function tally(
  answers: readonly Answer[],
  by: readonly string[],
  counts: (signed: Signed) => boolean,
  concerns: (rejected: Rejected) => boolean,
): Tally {
  const named = answers.filter(({ authority }) => by.includes(authority));
  const rejected = named.filter((answer): answer is Rejected => !answer.ok && concerns(answer));
  const signed = named.filter((answer): answer is Signed => answer.ok && counts(answer));
  const signers = new Map<string, Signed>();
  for (const answer of [...byAuthority(signed), ...signed.filter(({ signer }) => signer.kind !== 'key')])
    if (!signers.has(signerName(answer.signer))) signers.set(signerName(answer.signer), answer);
  return { signers, rejected };
}

/**
 * Keys stand for the authority that has them: all keys of one (an old one and the one that follows it) are one signer,
 * and a key that two authorities share signs for one of them. As many authorities as can each have a key of their own.
 */
function byAuthority(signed: readonly Signed[]): Signed[] {
  const keyed = signed.filter(({ signer }) => signer.kind === 'key');
  const taken = new Map<string, Signed>();
  const place = (authority: string, tried: Set<string>): boolean => {
    for (const answer of keyed) {
      const key = signerName(answer.signer);
      if (answer.authority !== authority || tried.has(key)) continue;
      tried.add(key);
      const holder = taken.get(key);
      if (holder !== undefined && !place(holder.authority, tried)) continue;
      taken.set(key, answer);
      return true;
    }
    return false;
  };
  for (const authority of new Set(keyed.map((answer) => answer.authority))) place(authority, new Set());
  return [...taken.values()];
}

/**
 * Why fewer than `atLeast` signers were found. Undecided only where what could not be listed or judged could have
 * made up the number.
 */
export function shortage(
  { signers, rejected }: Tally,
  atLeast: number,
  unlisted: readonly Unlisted[],
  absent: Obstacle,
  fix: Fix,
): Obstacle {
  const lost = unlisted[0];
  if (lost !== undefined)
    return obstacle(
      'undecided',
      'evidence-unlisted',
      `${lost.format} evidence could not be read: ${lost.message}`,
      {
        text: 'look at the registry and its credentials, then check again',
      },
    );
  const open = rejected.filter((answer) => answer.undecided);
  if (signers.size + new Set(open.map(({ manifest }) => manifest)).size >= atLeast)
    return obstacle('undecided', open[0]!.code, sentence(open), fix);
  if (signers.size > 0)
    return obstacle(
      'failed',
      'signers-too-few',
      `${signers.size} of ${atLeast}: ${namesOf(signers)}${rejected.length > 0 ? `; ${sentence(rejected)}` : ''}`,
      fix,
    );
  const telling = [...rejected].sort((a, b) => rank(a) - rank(b));
  return telling.length === 0 ? absent : obstacle('failed', telling[0]!.code, sentence(telling), fix);
}

export function namesOf(signers: Tally['signers']): string {
  return [...signers.values()].map(signerText).join(', ');
}

/** Strangers' signatures are everyday; a damaged or misused one of somebody known says more. */
function rank({ code }: Rejected): number {
  if (code === 'scope-none') return 3;
  if (code === 'key-unknown' || code === 'certificate-untrusted') return 2;
  return code === 'identity-other' || code === 'predicate-type' ? 1 : 0;
}

function sentence(rejected: readonly Rejected[]): string {
  const first = rejected[0]!;
  const manifests = new Set(rejected.map(({ manifest }) => manifest)).size;
  return `${first.message}${manifests > 1 ? ` (and ${manifests - 1} more that ${manifests === 2 ? 'does' : 'do'} not count)` : ''}`;
}

/** When what these signers prove can change: their certificates' ends, and the edges of the keys' windows. */
export function signerMoments(
  policy: ImagePolicy,
  by: readonly string[],
  signed: Iterable<Signed>,
): number[] {
  const moments = [...signed].flatMap(({ until }) => until ?? []);
  for (const authority of policy.authorities)
    if (authority.kind === 'key' && by.includes(authority.name))
      for (const { notBefore, notAfter } of authority.keys) {
        if (notBefore !== undefined) moments.push(Date.parse(notBefore));
        if (notAfter !== undefined) moments.push(Date.parse(notAfter));
      }
  return moments;
}
