// A Kubernetes API server: who it is, and its objects read, written and watched.
export type {
  Cluster,
  KubeObject,
  ListOptions,
  ObjectMeta,
  OwnerReference,
  Patch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './cluster.ts';
export { KubeFault, type KubeFaultCode } from './fault.ts';
export { type Kubeconfig, readKubeconfig } from './kubeconfig.ts';
export { type LeaseOptions, whileLeader } from './lease.ts';
export { type OpenClusterOptions, openCluster } from './open.ts';
export { type PullingPod, type PullSecrets, pullSecretCredentials } from './pullsecrets.ts';
export { agentName, enforceLabel, group, resources, systemNamespace } from './resources.ts';
