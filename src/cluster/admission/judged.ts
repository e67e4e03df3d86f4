// Judges the images of one request: each distinct one once, side by side, within the time there is.
import { isFault, messageOf } from '../../core/index.ts';
import { ImageFault, parseReference, type Reference, withDefaultTag } from '../../image/index.ts';
import type { Checker, ImagePolicy, Verdict } from '../../trust/index.ts';
import type { ImageUse } from '../workload/index.ts';
import { refuseTag, wantsDigest } from './digests.ts';

/** An image of a request with what is known of it. */
export interface Judged {
  image: string;
  /** Who uses it: `web`, `init setup`. */
  uses: readonly ImageUse[];
  verdict?: Verdict;
  /** Why there is no verdict: undecided, and never an allow. */
  problem?: { code: string; message: string };
  /** The template names a tag that stood for this digest. */
  resolved?: string;
  /** What the person who asks should know: stale roots, a registry that is away. */
  notes: readonly string[];
}

export interface JudgeOptions {
  policy: ImagePolicy;
  checker: Checker;
  labels: Readonly<Record<string, string>>;
  /** Platforms of the cluster's nodes; all of the image when left out. */
  platforms?: readonly string[];
  /** A template, whose pods get their digests by mutation: its tags are resolved and let through. */
  tagsPass: boolean;
  signal: AbortSignal;
}

/** Images that are judged at once for one request. */
const atOnce = 16;

export async function judgeImages(uses: readonly ImageUse[], options: JudgeOptions): Promise<Judged[]> {
  const byImage = new Map<string, ImageUse[]>();
  for (const use of uses) byImage.set(use.image, [...(byImage.get(use.image) ?? []), use]);
  const queue = [...byImage];
  const judged = new Map<string, Judged>();
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [image, its] = next;
      judged.set(image, { image, uses: its, ...(await inTime(judgeOne(image, options), options.signal)) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, queue.length) }, work));
  return [...byImage.keys()].map((image) => judged.get(image)!);
}

type Outcome = Omit<Judged, 'image' | 'uses'>;

/** The work goes on when the time is over: the next time it is asked, the answer is there. */
function inTime(work: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  const late: Outcome = {
    problem: {
      code: 'not-in-time',
      message: 'the answer is not there yet; it is being worked on, so try again',
    },
    notes: [],
  };
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.resolve(late);
  }
  return new Promise((resolve, reject) => {
    const stop = () => resolve(late);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

async function judgeOne(image: string, options: JudgeOptions): Promise<Outcome> {
  try {
    const reference = withDefaultTag(parseReference(image));
    return await judgeReference(reference, options);
  } catch (error) {
    // A bug must not admit either; it is named, and its stack goes to the log of whoever runs the agent.
    if (!isFault(error)) return { problem: { code: 'internal-error', message: messageOf(error) }, notes: [] };
    const message =
      error instanceof ImageFault && error.hint !== undefined
        ? `${error.message}. ${error.hint}`
        : error.message;
    return { problem: { code: error.code, message }, notes: [] };
  }
}

async function judgeReference(reference: Reference, options: JudgeOptions): Promise<Outcome> {
  const { policy, checker, labels, platforms, tagsPass } = options;
  const ask = (text: string | Reference) =>
    checker.check({ reference: text, policy, labels, ...(platforms === undefined ? {} : { platforms }) });
  if (reference.digest !== undefined || !wantsDigest(policy, reference, labels) || !tagsPass) {
    const { verdict, stale } = await ask(reference);
    const isTag = reference.digest === undefined && wantsDigest(policy, reference, labels);
    return { verdict: isTag ? refuseTag(verdict) : verdict, notes: stale };
  }
  const found = await checker.pin({ reference, policy, labels });
  if ('barred' in found) return { verdict: found.barred, notes: [] };
  // The digest is judged as the pod's own name will have it.
  const pinned = await ask({ ...reference, digest: found.digest });
  return { verdict: pinned.verdict, resolved: found.digest, notes: pinned.stale };
}
