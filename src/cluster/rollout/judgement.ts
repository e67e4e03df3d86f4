// What is seen of one workload, and what that says about its rollout.
import type { KubeObject } from '../kube/index.ts';
import { groupOf, imagesOf, workloadKindOf } from '../workload/index.ts';
import { conditionOf, mapOf } from './facts.ts';
import type { MovedImage } from './record.ts';
import { type Trouble, troubleOf } from './trouble.ts';

export interface Seen {
  object: KubeObject;
  /** The workload's own pods. */
  pods: readonly KubeObject[];
  /** The CronJob's own Jobs, and our test Job. */
  jobs: readonly KubeObject[];
  /** Messages of warnings that say why no pod was made, newest first. */
  warnings: readonly string[];
}

export interface Target {
  images: readonly MovedImage[];
  /** Which of their texts the template has to have. */
  way: 'after' | 'good';
  digest: string;
  /** The object's generation with these images. */
  generation: number;
  /** When it was given them; ms, by the server's clock. */
  since: number;
  unavailable: number;
  /** How often a container may be restarted. */
  restarts: number;
  /** Ms that its pods have to have been ready before it counts as done. */
  settle: number;
  /** Ms, by the server's clock. */
  now: number;
  testJob?: string;
}

export interface Judgement {
  /** `overtaken`: somebody else has taken over. `unproven`: it is as far as it goes, and nothing ran. */
  state: 'going' | 'done' | 'unproven' | 'failed' | 'overtaken';
  text: string;
  /** What keeps it from going on, as far as that is known. */
  why?: string;
  /** Grows as it goes on. */
  progress?: number;
  /** When it is done if nothing happens until then; ms, by the server's clock. */
  settles?: number;
}

/** Whether the template names every image as it should; by role and name, because containers may change places. */
export function hasImages(object: KubeObject, images: readonly MovedImage[], way: Target['way']): boolean {
  const kind = workloadKindOf(groupOf(object.apiVersion), object.kind);
  const found = kind === undefined ? [] : imagesOf(object, kind).images;
  return images.every((image) =>
    found.some(
      ({ role, name, image: text }) => role === image.role && name === image.name && text === image[way],
    ),
  );
}

/** Whether a pod was made from the template with this digest. */
export function isOfDigest(pod: KubeObject, digest: string): boolean {
  return imagesOf(pod, { group: '', kind: 'Pod' }).images.some(({ image }) => image.endsWith(`@${digest}`));
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(mapOf(pod.status), 'Ready')?.['status'] === 'True';
}

/** The worst trouble of the pods with the new digest. */
export function troubleIn({ pods }: Seen, { digest, restarts, now }: Target): Trouble | undefined {
  const troubles = pods
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && isOfDigest(pod, digest))
    .flatMap((pod) => troubleOf(pod, restarts, now) ?? []);
  return troubles.find(({ isFinal }) => isFinal) ?? troubles[0];
}

/** A policy's answer: asking again changes nothing. */
export function isDenial(message: string): boolean {
  return /denied the request|denied request|violates PodSecurity/i.test(message);
}

/** A controller's answer to our change is its status for the generation we made, or a later one. */
export function isAnswered({ metadata, status }: KubeObject, { generation }: Target): boolean {
  const observed = mapOf(status)['observedGeneration'];
  return (
    typeof observed === 'number' &&
    (metadata.generation ?? 0) >= generation &&
    observed >= (metadata.generation ?? 0)
  );
}

/** What all kinds have in common, before their own look: undefined where that has to decide. */
export function judgeCommon(seen: Seen, target: Target): Judgement | undefined {
  const { object } = seen;
  // an older state of the object may still come along
  if ((object.metadata.generation ?? 0) < target.generation) return { state: 'going', text: 'waiting' };
  if (object.metadata.deletionTimestamp !== undefined)
    return { state: 'overtaken', text: 'it is being deleted' };
  if (!hasImages(object, target.images, target.way))
    return { state: 'overtaken', text: 'its images were changed by somebody else meanwhile' };
  const denied = seen.warnings.find(isDenial);
  if (target.way === 'after' && denied !== undefined) return { state: 'failed', text: denied };
  const trouble = troubleIn(seen, target);
  if (target.way === 'after' && trouble?.isFinal) return { state: 'failed', text: trouble.text };
  return undefined;
}

/** What is known of why it does not go on. */
export function goingOn(text: string, progress: number, seen: Seen, target: Target): Judgement {
  const trouble = troubleIn(seen, target);
  const why = trouble?.text ?? seen.warnings[0];
  if (why === undefined) return { state: 'going', text, progress };
  return { state: 'going', text: trouble?.isUsual ? text : `${text}; ${why}`, why, progress };
}

/** Why it has come to nothing. */
export function lateText({ text, why }: Judgement): string {
  return why === undefined || text.includes(why) ? text : `${text}; ${why}`;
}
