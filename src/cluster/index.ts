// A cluster and what it is deployed from: what runs there and how it stands today.
export { clusterStatus } from './status.ts';
export type {
  ClusterStatus,
  ContextStatus,
  ImageStatus,
  RunningFinding,
  RunningStatus,
  StatusOptions,
} from './statusanswer.ts';
export { statusJson } from './statusjson.ts';
export { changedAt, type JudgingPolicy } from './statuspolicy.ts';
export { formatReach, type Reach, reachOf } from './statusreach.ts';
export { formatStatus } from './statustable.ts';
