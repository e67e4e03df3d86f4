// What a rollout is about: REF@OLD and NEW as they were typed, the new digest seen in its registry and judged.
import type { DigestChange } from '../cluster/workload/index.ts';
import { systemClock } from '../core/index.ts';
import { isDigest, parseReference } from '../image/index.ts';
import { createChecker, type PlaceOptions, resolveImage, type Verdict, verifyHere } from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readPolicy } from './policyfile.ts';
import type { Setting } from './setting.ts';

/** Asks the registry for the new digest: one that is not there cannot run. Throws CliFault, ImageFault, RemoteFault. */
export async function readChange(old: string, next: string, place: PlaceOptions): Promise<DigestChange> {
  const from = parseReference(old);
  if (from.digest === undefined)
    throw new CliFault('option-invalid', `expected REF@OLD with the digest that runs now, got ${old}`, {
      hint: 'See what runs: seaworthy cluster status',
    });
  const { domain, repository, tag } = from;
  const to = isDigest(next) ? { domain, repository, digest: next } : parseReference(next);
  if (to.domain !== domain || to.repository !== repository)
    throw new CliFault(
      'option-invalid',
      `expected a digest or tag of ${domain}/${repository}, got ${to.domain}/${to.repository}`,
      { hint: 'A rollout changes the digest, never where an image comes from.' },
    );
  const image = await resolveImage(to, place);
  if (image.digest === from.digest)
    throw new CliFault('option-invalid', `expected another digest than ${from.digest}, got the same`);
  const toTag = 'tag' in to ? to.tag : undefined;
  return {
    domain,
    repository,
    from: from.digest,
    to: image.digest,
    ...(tag === undefined ? {} : { tag }),
    ...(toTag === undefined ? {} : { toTag }),
  };
}

/** The verdict of a policy over the new digest, under the labels that its workloads are judged by. */
export async function judgeChange(
  change: DigestChange,
  policyFile: string,
  labels: Readonly<Record<string, string>>,
  { home }: Setting,
  place: PlaceOptions,
): Promise<Verdict> {
  const policy = await readPolicy(policyFile);
  const { domain, repository, to } = change;
  const checker = createChecker({ ...place, home, clock: systemClock, verify: verifyHere });
  const { verdict } = await checker.check({
    reference: { domain, repository, digest: to },
    policy,
    labels,
    purpose: 'release',
  });
  return verdict;
}
