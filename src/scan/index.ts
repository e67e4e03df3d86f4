// Target in, inventory and findings out.

export type { AdvisoryDatabase, AdvisoryDelta, SourceInfo, UpdateReport } from './advisory/index.ts';
export { databaseAge, openDatabase, publishers, updateDatabase } from './database.ts';
export { advisoryFetch } from './fetch.ts';
export {
  type InspectedLayers,
  type InspectOptions,
  inspectLayers,
  type LayeredImage,
} from './inspect.ts';
export {
  atLeast,
  type Finding,
  formatOpenVex,
  parseOpenVex,
  parseSuppressions,
  type ScanResult,
  type SeverityLevel,
} from './match/index.ts';
export {
  formatReport,
  formatSbom,
  type ReportFormat,
  reportFormats,
  type SbomFormat,
  sbomFormats,
} from './output.ts';
export type { ScanProgress } from './progress.ts';
export { type Inspected, inspectTarget, judgeInventory, type ScanOptions, scan } from './scan.ts';
