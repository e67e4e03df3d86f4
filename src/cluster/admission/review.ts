// AdmissionReview (admission.k8s.io/v1): what the API server asks, checked before anything of it is used.
import { z } from 'zod';
import { AdmissionFault } from './fault.ts';

export interface Asker {
  username: string;
  groups: readonly string[];
}

export interface ReviewRequest {
  uid: string;
  kind: { group: string; version: string; kind: string };
  subResource: string;
  name: string;
  namespace: string;
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  asker: Asker;
  /** As it will be stored; undefined for a deletion. */
  object: Readonly<Record<string, unknown>> | undefined;
  oldObject: Readonly<Record<string, unknown>> | undefined;
  dryRun: boolean;
}

const text = z.string().max(1000);
const object = z.record(z.string(), z.unknown()).nullish();

const review = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: text.min(1),
    kind: z.object({ group: text, version: text, kind: text.min(1) }),
    subResource: text.nullish(),
    name: text.nullish(),
    namespace: text.nullish(),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    userInfo: z.object({ username: text.nullish(), groups: z.array(text).max(10_000).nullish() }).nullish(),
    object,
    oldObject: object,
    dryRun: z.boolean().nullish(),
  }),
});

/** Throws AdmissionFault `review-invalid`. */
export function parseReview(value: unknown): ReviewRequest {
  const parsed = review.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'the document';
    throw new AdmissionFault(
      'review-invalid',
      `expected an AdmissionReview of admission.k8s.io/v1, got at ${where}: ${issue?.message ?? 'something else'}`,
    );
  }
  const { request } = parsed.data;
  return {
    uid: request.uid,
    kind: request.kind,
    subResource: request.subResource ?? '',
    name: request.name ?? '',
    namespace: request.namespace ?? '',
    operation: request.operation,
    asker: { username: request.userInfo?.username ?? '', groups: request.userInfo?.groups ?? [] },
    object: request.object ?? undefined,
    oldObject: request.oldObject ?? undefined,
    dryRun: request.dryRun ?? false,
  };
}
