// Rollouts: workloads moved to a digest, followed, returned when they fail; the bad digest held until it is released.
export type { MovableKind } from './census.ts';
export { RolloutFault, type RolloutFaultCode } from './fault.ts';
export type { Hold } from './hold.ts';
export { holdAnnotation } from './hold.ts';
export type { Outcome, Step } from './move.ts';
export {
  type LeftAlone,
  type PlannedMove,
  planResume,
  planRollout,
  type RolloutPlan,
  type WorkloadName,
} from './plan.ts';
export { type MovedImage, type RolloutRecord, recordAnnotation } from './record.ts';
export {
  type HeldWorkload,
  type HoldList,
  listHolds,
  type ReleaseOptions,
  releaseDigest,
} from './release.ts';
export { isFailure, type RolloutResult, type RunOptions, runRollout } from './run.ts';
export { formatChange, formatHolds, formatOutcome, formatPlan, formatStopped, summaryOf } from './text.ts';
