// A new image on the new base: begun, made, judged, signed, tagged, rolled out, recorded.
export { nameBaseless } from './baseless.ts';
export { type Begun, beginRenewal } from './begin.ts';
export { type RenewalTables, renewalBook } from './book.ts';
export { type Cause, causeKey, causeText, isWhole, short, spanText } from './cause.ts';
export { approveImage, declineImage } from './decide.ts';
export { type HoldInfo, listHolds, releaseBase } from './holds.ts';
export { cancelJob, imageJob, wakeImage } from './jobs.ts';
export { listRenewals, type RenewalDetail, type RenewalSummary, readRenewal } from './list.ts';
export type {
  Dependent,
  ImageSettings,
  Rebased,
  RebaseOrder,
  RenewalParts,
  RolloutLook,
  RolloutOrder,
  RolloutTarget,
  Workshop,
} from './parts.ts';
export type { BuildRequest, Pipeline, RunHandle, RunState } from './pipeline/index.ts';
export { createRebaser, type RebaseRequest, type RebaseResult, type Rebaser } from './rebaseimage.ts';
export type { SmokeTest, Tried } from './smoketest.ts';
export { type EndState, type ImageState, isEnd, type RenewalState } from './state.ts';
export { renewalType } from './statement.ts';
export { createTrials } from './trials.ts';
export { cancelRun, workOnImage } from './work.ts';
export { createWorkshop, type WorkshopOptions } from './workshop.ts';
export { type Counted, countFindings, formatCounted } from './worse.ts';
