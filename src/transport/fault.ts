// What can keep a TARGET from being an image, whichever way it was reached.
import { Fault } from '../core/index.ts';

export type TransportFaultCode = 'target-invalid' | 'not-an-image' | 'platform-missing';

export class TransportFault extends Fault<TransportFaultCode> {}
