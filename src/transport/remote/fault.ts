// What a registry, or what guards the way to it, can refuse.
import { Fault } from '../../core/index.ts';

export type RemoteFaultCode =
  | 'image-not-found'
  | 'auth-required'
  | 'access-denied'
  | 'realm-refused'
  | 'credentials-unreadable'
  | 'credential-helper-failed'
  | 'rate-limited'
  | 'registry-failed';

export class RemoteFault extends Fault<RemoteFaultCode> {}
