// The faults of trust roots.
import { Fault } from '../../core/index.ts';

export type RootFaultCode = 'trusted-root-invalid' | 'trusted-root-missing' | 'trust-update-failed';

export class RootFault extends Fault<RootFaultCode> {}
