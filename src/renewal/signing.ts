// From a new image to a verdict: scanned, judged without our signature, signed, judged again.

import type { Verdict } from '../trust/index.ts';
import { packageDiff } from './packagediff.ts';
import type { RenewalParts } from './parts.ts';
import { signable, whyUnfit } from './predecessor.ts';
import { renewalPredicate } from './statement.ts';
import type { ImageRow, Move } from './step.ts';
import { afterTrial } from './trying.ts';
import { type Counted, countFindings, whyWorse } from './worse.ts';

export async function scanning(image: ImageRow, { workshop }: RenewalParts): Promise<Move> {
  const after = countFindings(await workshop.scan(image.reference, image.to_digest!));
  const [old, fresh] = await Promise.all(
    [image.from_digest, image.to_digest!].map((digest) => workshop.packages(image.reference, digest)),
  );
  const packages = JSON.stringify(packageDiff(old!, fresh!));
  const set = { found_after: JSON.stringify(after), packages };
  const worse = whyWorse(JSON.parse(image.found_before!) as Counted, after);
  return worse === undefined ? { to: 'judging', set } : { to: 'stopped', set, text: worse };
}

/** Nothing is signed before it was judged without that signature. */
export async function judging(image: ImageRow, { workshop }: RenewalParts): Promise<Move> {
  const before = await workshop.judge(image.reference, image.from_digest);
  const after = await workshop.judge(image.reference, image.to_digest!);
  const set = { verdict_before: JSON.stringify(before) };
  const answer = signable(before, after);
  return 'stop' in answer
    ? { to: 'stopped', set: { ...set, verdict_after: JSON.stringify(after) }, text: answer.stop }
    : { to: 'signing', set };
}

export async function signing(image: ImageRow, { workshop, clock }: RenewalParts): Promise<Move> {
  await workshop.sign(image.reference, image.to_digest!, renewalPredicate(image, clock.now()));
  return { to: 'checking' };
}

export async function checking(image: ImageRow, parts: RenewalParts): Promise<Move> {
  const verdict = await parts.workshop.judge(image.reference, image.to_digest!);
  const set = { verdict_after: JSON.stringify(verdict) };
  const why = whyUnfit(JSON.parse(image.verdict_before!) as Verdict, verdict);
  if (why !== undefined) return { to: 'stopped', set, text: why };
  const settings = parts.settingsOf(image.reference);
  return { to: settings?.smokeTest === undefined ? afterTrial(image, settings) : 'trying', set };
}
