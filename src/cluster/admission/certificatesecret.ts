// The Secret in which all replicas of the agent share their certificates.
import { type KubeObject, resources } from '../kube/index.ts';
import { apiVersionOf } from '../workload/index.ts';
import type { CertificateState } from './certificate.ts';

/** Keys as other tools know them from Secrets of TLS, and our own beside them. */
const keys = {
  authority: 'ca.crt',
  authorityKey: 'ca.key',
  previous: 'previous-ca.crt',
  leaf: 'tls.crt',
  leafKey: 'tls.key',
} as const;

/** Undefined: nothing is in it yet, or what is in it is no text. */
export function stateIn(secret: KubeObject | undefined): CertificateState | undefined {
  const data = secret?.['data'];
  if (typeof data !== 'object' || data === null) return undefined;
  const text = (key: string): string => {
    const value = (data as Record<string, unknown>)[key];
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  };
  if (text(keys.leaf) === '' && text(keys.authority) === '') return undefined;
  return {
    authority: { cert: text(keys.authority), key: text(keys.authorityKey) },
    previous: blocksOf(text(keys.previous)),
    leaf: { cert: text(keys.leaf), key: text(keys.leafKey) },
  };
}

/** The Secret to write: a new one, or the one that was read with its contents replaced. */
export function secretOf(
  state: CertificateState,
  name: string,
  namespace: string,
  before: KubeObject | undefined,
): KubeObject {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return {
    ...(before ?? { apiVersion: apiVersionOf(resources.secrets), kind: 'Secret', type: 'Opaque' }),
    metadata: before?.metadata ?? { name, namespace, labels: { 'app.kubernetes.io/name': 'seaworthy' } },
    data: {
      [keys.authority]: base64(state.authority.cert),
      [keys.authorityKey]: base64(state.authority.key),
      [keys.previous]: base64(state.previous.join('')),
      [keys.leaf]: base64(state.leaf.cert),
      [keys.leafKey]: base64(state.leaf.key),
    },
  } as KubeObject;
}

/** What webhook configurations hold as `caBundle`: the newest authority first, then those that may still be met. */
export function bundleOf({ authority, previous }: CertificateState): string {
  return Buffer.from([authority.cert, ...previous].join('')).toString('base64');
}

/** Certificates of a PEM text, each with its lines; at most eight, which no rotation of ours exceeds. */
export function blocksOf(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.slice(0, 8).map((block) => `${block}\n`);
}
