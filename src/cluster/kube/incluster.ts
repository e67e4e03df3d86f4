// Inside a pod: the API server's address from the environment, who we are from the service account's mount.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/index.ts';
import { KubeFault } from './fault.ts';
import type { ClusterAccess } from './kubeconfig.ts';

const mount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Throws KubeFault `kube-credentials` outside a pod. */
export function inClusterAccess(env: NodeJS.ProcessEnv = process.env, directory = mount): ClusterAccess {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === undefined)
    throw new KubeFault('kube-credentials', 'expected to run in a pod, got no KUBERNETES_SERVICE_HOST', {
      hint: 'Outside a cluster, run `seaworthy agent --policy FILE`.',
    });
  try {
    return {
      context: 'in-cluster',
      namespace: readFileSync(join(directory, 'namespace'), 'utf8').trim(),
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      ca: readFileSync(join(directory, 'ca.crt'), 'utf8'),
      user: { tokenFile: join(directory, 'token') },
    };
  } catch (cause) {
    throw new KubeFault(
      'kube-credentials',
      `expected a service account in ${directory}, got ${messageOf(cause)}`,
      {
        hint: 'The pod needs automountServiceAccountToken.',
        cause,
      },
    );
  }
}
