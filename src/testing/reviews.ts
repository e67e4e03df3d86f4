// AdmissionReview requests as an API server sends them, and an admission over a yard's registry.

import type { FindOwner, RanImage } from '../cluster/admission/index.ts';
import {
  type Admission,
  createAdmission,
  type InForce,
  parseReview,
  type ReviewRequest,
} from '../cluster/admission/index.ts';
import type { KubeObject } from '../cluster/kube/index.ts';
import type { ImagePolicy } from '../trust/index.ts';
import type { Yard } from './yard.ts';

export interface AskedAs {
  operation?: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  old?: unknown;
  user?: string;
  groups?: string[];
  namespace?: string;
  subResource?: string;
  dryRun?: boolean;
}

/** The document that would be posted. */
export function reviewOf(object: Record<string, unknown>, asked: AskedAs = {}): Record<string, unknown> {
  const [group, version] = String(object['apiVersion']).includes('/')
    ? String(object['apiVersion']).split('/')
    : ['', object['apiVersion']];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'a-uid',
      kind: { group, version, kind: object['kind'] },
      name: (object['metadata'] as { name?: string } | undefined)?.name,
      namespace: asked.namespace ?? 'shop',
      operation: asked.operation ?? (asked.old === undefined ? 'CREATE' : 'UPDATE'),
      ...(asked.subResource === undefined ? {} : { subResource: asked.subResource }),
      userInfo: {
        username: asked.user ?? 'dev@example.com',
        groups: asked.groups ?? ['system:authenticated'],
      },
      object,
      oldObject: asked.old ?? null,
      dryRun: asked.dryRun ?? false,
    },
  };
}

export function requestOf(object: Record<string, unknown>, asked: AskedAs = {}): ReviewRequest {
  return parseReview(reviewOf(object, asked));
}

export function podOf(image: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const { metadata, ...spec } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop', ...(metadata as object) },
    spec: { containers: [{ name: 'web', image }], ...spec },
  };
}

export function deploymentOf(image: string, more: Record<string, unknown> = {}): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop', uid: 'uid-web', ...more },
    spec: { replicas: 1, template: { spec: { containers: [{ name: 'web', image }] } } },
  };
}

export interface AdmissionAround {
  mutation?: boolean;
  ran?: Record<string, readonly RanImage[]>;
  owners?: readonly KubeObject[];
  labels?: Record<string, string>;
}

/** The admission of one cluster in which this policy is in force. */
export function admissionFor(
  yard: Yard,
  policy: ImagePolicy | undefined,
  around: AdmissionAround = {},
): Admission {
  const checker = yard.checker();
  const inForce: InForce | undefined = policy && { policy, mutation: around.mutation ?? false };
  const find: FindOwner = async ({ uid }) => around.owners?.find(({ metadata }) => metadata.uid === uid);
  return createAdmission({
    inForce: () => inForce,
    checkerFor: async () => checker,
    labelsOf: async (namespace) => ({ ...around.labels, namespace }),
    platforms: () => undefined,
    memory: { ran: (uid) => around.ran?.[uid] ?? [] },
    find,
  });
}
