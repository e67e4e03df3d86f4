// What can go wrong while a cluster is set up, or a namespace made to enforce.
import { Fault } from '../core/index.ts';

export type ClusterFaultCode =
  | 'cluster-too-old'
  | 'install-incomplete'
  | 'webhook-unreachable'
  | 'namespace-protected'
  | 'namespace-unknown'
  | 'not-installed';

export class ClusterFault extends Fault<ClusterFaultCode> {}
