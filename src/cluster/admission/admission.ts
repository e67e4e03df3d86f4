// AdmissionReview in, decision out: which images it brings, what the policy says of them, and what that means here.

import { isFault } from '../../core/index.ts';
import { parseReference, withDefaultTag } from '../../image/index.ts';
import type { Checker, ImagePolicy } from '../../trust/index.ts';
import {
  changedImages,
  type ImageUse,
  imagesOf,
  type JsonPatch,
  replaceText,
  workloadKindOf,
} from '../workload/index.ts';
import { isMirrorPod } from './askers.ts';
import { pinnedText, wantsDigest } from './digests.ts';
import { type Judged, judgeImages } from './judged.ts';
import { type FindOwner, keptImages, type Memory } from './kept.ts';
import type { ReviewRequest } from './review.ts';
import { atMost, denialText, shortReason, unresolvedText, warningsOf } from './text.ts';

/** What is in force; one object for as long as nothing of it changes. */
export interface InForce {
  policy: ImagePolicy;
  /** Whether pods get digests put in. */
  mutation: boolean;
}

export interface AdmissionOptions {
  inForce(): InForce | undefined;
  /** With the credentials that this pod's images may be read with. */
  checkerFor(namespace: string, object: Readonly<Record<string, unknown>>): Promise<Checker>;
  /** Labels of a namespace, with `namespace` itself. */
  labelsOf(namespace: string): Promise<Readonly<Record<string, string>>>;
  /** Platforms of the nodes; undefined: not known, so all of an image. */
  platforms(): readonly string[] | undefined;
  memory: Memory;
  find: FindOwner;
}

export interface Decision {
  allowed: boolean;
  /** What kubectl prints when it is refused. */
  message?: string;
  warnings: string[];
  /** For the API server's audit log. */
  annotations: Record<string, string>;
  patch?: JsonPatch[];
  /** What the metrics and the log count. */
  outcome: 'allow' | 'deny' | 'undecided' | 'kept' | 'audit' | 'none' | 'pending';
  judged: readonly Judged[];
}

export interface Admission {
  /** `enforced`: the namespace has the label; else everything is let through and only told. */
  review(request: ReviewRequest, enforced: boolean, signal: AbortSignal): Promise<Decision>;
  mutate(request: ReviewRequest, signal: AbortSignal): Promise<Decision>;
}

export function createAdmission(options: AdmissionOptions): Admission {
  return {
    async review(request, enforced, signal) {
      const brought = imagesBrought(request);
      if (typeof brought === 'string')
        return enforced ? refuse(brought) : tell('audit', [], { problem: brought });
      if (brought.length === 0) return tell('none', [], {});
      const inForce = options.inForce();
      if (inForce === undefined)
        return enforced
          ? refuse('no policy is in force: nothing can be allowed')
          : tell('audit', [], { problem: 'no policy' });
      const judged = await judge(request, brought, inForce, signal);
      if (!enforced || isMirrorPod(request)) return tell('audit', judged, summary(inForce, judged));
      return decide(request, inForce, judged);
    },
    async mutate(request, signal) {
      const inForce = options.inForce();
      const brought = imagesBrought(request);
      if (inForce === undefined || typeof brought === 'string' || !inForce.mutation || isMirrorPod(request))
        return tell('none', [], {});
      if (request.kind.kind !== 'Pod' || request.kind.group !== '') return tell('none', [], {});
      return { ...tell('none', [], {}), ...(await pins(request, brought, inForce, signal)) };
    },
  };

  async function judge(
    request: ReviewRequest,
    brought: readonly ImageUse[],
    { policy, mutation }: InForce,
    signal: AbortSignal,
  ): Promise<Judged[]> {
    const platforms = options.platforms();
    const [checker, labels] = await Promise.all([
      options.checkerFor(request.namespace, request.object ?? {}),
      options.labelsOf(request.namespace),
    ]);
    return judgeImages(brought, {
      policy,
      checker,
      labels,
      ...(platforms === undefined ? {} : { platforms }),
      tagsPass: mutation && request.kind.kind !== 'Pod',
      signal,
    });
  }

  async function decide(
    request: ReviewRequest,
    inForce: InForce,
    judged: readonly Judged[],
  ): Promise<Decision> {
    const refused = judged.filter(({ verdict }) => verdict?.decision !== 'allow');
    const kept =
      refused.length === 0
        ? new Set<Judged>()
        : await keptImages(request, refused, options.memory, options.find);
    const denied = refused.filter((one) => !kept.has(one));
    const annotations = summary(inForce, judged);
    const warnings = warningsOf(judged, kept);
    if (denied.length === 0)
      return { allowed: true, warnings, annotations, outcome: kept.size > 0 ? 'kept' : 'allow', judged };
    return {
      allowed: false,
      message: denialText(inForce.policy.name, denied, judged.length),
      warnings,
      annotations,
      outcome: denied.some(({ verdict }) => verdict?.decision === 'deny') ? 'deny' : 'undecided',
      judged,
    };
  }

  /**
   * Tags that stand for something now are pinned to it. What cannot be resolved is refused afterwards, by the floor
   * policy as a rule, which knows no more than that it is a tag: why it is one still is told here.
   */
  async function pins(
    request: ReviewRequest,
    brought: readonly ImageUse[],
    { policy }: InForce,
    signal: AbortSignal,
  ): Promise<{ patch: JsonPatch[]; warnings: string[] }> {
    const warnings: string[] = [];
    const [checker, labels] = await Promise.all([
      options.checkerFor(request.namespace, request.object ?? {}),
      options.labelsOf(request.namespace),
    ]);
    const byImage = new Map<string, Promise<string | undefined>>();
    const pinOf = async (image: string) => {
      try {
        const reference = withDefaultTag(parseReference(image));
        if (reference.digest !== undefined || !wantsDigest(policy, reference, labels)) return undefined;
        const found = await checker.pin({ reference, policy, labels });
        return 'digest' in found ? pinnedText(image, found.digest) : undefined;
      } catch (error) {
        if (!isFault(error)) throw error;
        warnings.push(unresolvedText(image, error.code, error.message));
        return undefined;
      }
    };
    const late = new Promise<undefined>((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const patches = brought.map(async ({ image, path }) => {
      if (!byImage.has(image)) byImage.set(image, pinOf(image));
      const pinned = await Promise.race([byImage.get(image)!, late]);
      return pinned === undefined ? [] : replaceText(path, image, pinned);
    });
    return { patch: (await Promise.all(patches)).flat(), warnings: atMost(warnings) };
  }
}

/** What this request would newly run; a sentence where that cannot be told. */
export function imagesBrought({ operation, kind, object, oldObject }: ReviewRequest): ImageUse[] | string {
  if (operation === 'DELETE' || operation === 'CONNECT') return [];
  if (workloadKindOf(kind.group, kind.kind) === undefined)
    return `expected a kind that carries images, got ${kind.kind}${kind.group === '' ? '' : ` of ${kind.group}`}: nothing is known of its images`;
  if (object === undefined) return `expected an object, got none`;
  const now = imagesOf(object, kind);
  if (now.problems.length > 0) return `the images cannot be told: ${now.problems.slice(0, 3).join('; ')}`;
  // An update answers for what it brings, whatever else it does.
  return operation === 'UPDATE' ? changedImages(now.images, imagesOf(oldObject, kind).images) : now.images;
}

function refuse(message: string): Decision {
  return {
    allowed: false,
    message,
    warnings: [],
    annotations: { problem: message.slice(0, 500) },
    outcome: 'undecided',
    judged: [],
  };
}

function tell(
  outcome: Decision['outcome'],
  judged: readonly Judged[],
  annotations: Record<string, string>,
): Decision {
  return { allowed: true, warnings: [], annotations, outcome, judged };
}

/** What the audit log keeps: the policy, each image with its decision, and every exception that was used. */
function summary({ policy }: InForce, judged: readonly Judged[]): Record<string, string> {
  const images = judged.map((one) => {
    const decision = one.verdict?.decision ?? 'undecided';
    return `${decision} ${one.image}${decision === 'allow' ? '' : ` (${shortReason(one)})`}`;
  });
  const exceptions = judged.flatMap(({ image, verdict }) =>
    (verdict?.rules ?? []).flatMap(({ rule, exceptions = [] }) =>
      exceptions.map(({ author, expires }) => `${rule} for ${image} by ${author} through ${expires}`),
    ),
  );
  return {
    policy: `${policy.name} ${policy.hash}`,
    images: images.join('; ').slice(0, 4000),
    ...(exceptions.length === 0 ? {} : { exceptions: exceptions.join('; ').slice(0, 2000) }),
  };
}
