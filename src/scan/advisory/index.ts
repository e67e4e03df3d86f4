// Feeds in, advisory database out. Never meets inventories.
export type {
  AdvisoryDatabase,
  AdvisoryRange,
  AdvisoryRow,
  Coverage,
  CveFacts,
  RangeEvent,
  SeverityScore,
  SourceInfo,
} from './advisory.ts';
export { type AdvisoryDelta, DeltaWriter } from './delta.ts';
export { parseEpss } from './epss.ts';
export { AdvisoryFault, type AdvisoryFaultCode } from './fault.ts';
export type { FeedChange } from './feed.ts';
export { parseKev } from './kev.ts';
export { parseModifiedCsv } from './list.ts';
export { readDatabase } from './lookup.ts';
export { keyOf } from './names.ts';
export { parseOsvRecord } from './osv.ts';
export type { Fetch } from './place.ts';
export { openToRead } from './schema.ts';
export type { ScoresChange } from './scores.ts';
export { makeSeed } from './seed.ts';
export { type UpdateOptions, type UpdateReport, updateFile } from './update.ts';
