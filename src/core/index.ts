// What every room may use.
export { type Clock, fixedClock, systemClock } from './clock.ts';
export { Fault, type FaultDetails, isFault, messageOf } from './fault.ts';
export { type Home, HomeFault, type HomeFaultCode, openHome } from './home.ts';
export { JsonFault, type JsonFaultCode, parseJson } from './json.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { nearest } from './nearest.ts';
export { version } from './release.ts';
export { type Undecided, type UndecidedCode, undecided, undecidedCodes } from './undecided.ts';
export {
  bufferSource,
  readZip,
  type ZipBudget,
  type ZipEntry,
  ZipFault,
  type ZipFaultCode,
  type ZipLimits,
  type ZipSource,
} from './zip.ts';
