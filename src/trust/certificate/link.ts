// What a certificate must be to stand in a chain (RFC 5280 sections 4.2 and 6.1).
import type { Certificate } from './certificate.ts';

/** Extensions whose meaning is enforced here or by the caller; any other critical one is not understood. */
const understood = new Set([
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.37',
  '2.5.29.14',
  '2.5.29.35',
  '2.5.29.32',
]);

export function isValidAt(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  at: number,
): boolean {
  return at >= notBefore && at <= notAfter;
}

/** Whether a certificate may sign another with so many authorities below it. */
export function mayIssue(issuer: Certificate, authoritiesBelow: number): boolean {
  if (issuer.ca !== true) return false;
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.has(5)) return false;
  return issuer.pathLength === undefined || issuer.pathLength >= authoritiesBelow;
}

export function isUnderstood(certificate: Certificate): boolean {
  for (const [id, { critical }] of certificate.extensions) if (critical && !understood.has(id)) return false;
  return true;
}
