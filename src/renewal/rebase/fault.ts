// What can be wrong with a rebase that somebody outside can act on.
import { Fault } from '../../core/index.ts';

export type RebaseFaultCode = 'rebase-unsupported' | 'base-gone';

export class RebaseFault extends Fault<RebaseFaultCode> {}
