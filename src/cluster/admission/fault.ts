// What can be wrong with what an API server, or somebody who plays one, asks.
import { Fault } from '../../core/index.ts';

export type AdmissionFaultCode = 'review-invalid' | 'policy-refused';

export class AdmissionFault extends Fault<AdmissionFaultCode> {}
