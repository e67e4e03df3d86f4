// Inventories as SBOMs, and back.
export { cycloneDx, type Json, PREFIX, refOf } from './cyclonedx.ts';
export { SbomFault, type SbomFaultCode } from './fault.ts';
export { parseSbom } from './parse.ts';
export { noteOf, spdx } from './spdx.ts';
export type { ReadSbom, SbomSubject } from './subject.ts';
