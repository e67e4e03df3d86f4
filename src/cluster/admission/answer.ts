// The AdmissionReview that goes back to the API server.
import type { Decision } from './admission.ts';

export function answerText(
  uid: string,
  { allowed, message, warnings, annotations, patch }: Decision,
): string {
  const audit = Object.entries(annotations).map(([key, value]) => [key, value.slice(0, 8000)] as const);
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: { code: 403, reason: 'Forbidden', message: message ?? 'refused' } }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(audit.length === 0 ? {} : { auditAnnotations: Object.fromEntries(audit) }),
      ...(patch === undefined || patch.length === 0
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    },
  });
}
