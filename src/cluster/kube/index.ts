// A Kubernetes API server: who it is, and its objects read, written and watched.
export type {
  Cluster,
  KubeObject,
  ListOptions,
  ObjectMeta,
  OwnerReference,
  Patch,
  WatchEvent,
  WriteOptions,
} from './cluster.ts';
export { KubeFault, type KubeFaultCode } from './fault.ts';
export { agentName, enforceLabel, group, resources, systemNamespace } from './resources.ts';
