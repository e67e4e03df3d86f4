// What can go wrong between us and a Kubernetes API server.
import { Fault } from '../../core/index.ts';

export type KubeFaultCode =
  | 'kubeconfig-unreadable'
  | 'context-unknown'
  | 'kube-credentials'
  | 'forbidden'
  | 'resource-unknown'
  | 'already-exists'
  | 'conflict'
  | 'refused'
  | 'object-invalid'
  | 'api-server-failed';

export class KubeFault extends Fault<KubeFaultCode> {}
