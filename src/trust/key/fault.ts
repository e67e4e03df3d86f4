// The faults of keys.
import { Fault } from '../../core/index.ts';

export type KeyFaultCode = 'key-invalid' | 'key-password' | 'key-service-unknown' | 'key-exists';

export class KeyFault extends Fault<KeyFaultCode> {}
