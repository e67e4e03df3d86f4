// Opens a cluster by a kubeconfig's context, or from inside a pod.
import { type ClusterOptions, connect } from './client.ts';
import type { Cluster } from './cluster.ts';
import { inClusterAccess } from './incluster.ts';
import { readKubeconfig } from './kubeconfig.ts';

export interface OpenClusterOptions extends ClusterOptions {
  /** `--kubeconfig`; else KUBECONFIG, else ~/.kube/config. */
  kubeconfig?: string;
  /** The current context when left out. */
  context?: string;
  inCluster?: boolean;
}

/** Makes no request. Throws KubeFault `kubeconfig-unreadable`, `context-unknown`, `kube-credentials`. */
export async function openCluster(options: OpenClusterOptions = {}): Promise<Cluster> {
  if (options.inCluster === true) return connect(inClusterAccess(options.env), { ...options, env: {} });
  const kubeconfig = await readKubeconfig(options.kubeconfig, options.env);
  return connect(kubeconfig.access(options.context), options);
}
