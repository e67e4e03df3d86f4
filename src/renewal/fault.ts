// What is wrong with a request about renewals.
import { Fault } from '../core/index.ts';

export type RenewalFaultCode = 'nothing-to-decide' | 'renewal-unknown';

export class RenewalFault extends Fault<RenewalFaultCode> {}
