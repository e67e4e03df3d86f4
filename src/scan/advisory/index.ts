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
