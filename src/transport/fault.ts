// What can keep a TARGET from being opened, or an image from being moved.
import { Fault } from '../core/index.ts';

export type TransportFaultCode =
  | 'target-invalid'
  | 'target-not-found'
  | 'target-unreadable'
  | 'layout-invalid'
  | 'archive-invalid'
  | 'not-an-image'
  | 'platform-missing'
  | 'image-not-found'
  | 'engine-failed'
  | 'auth-required'
  | 'access-denied'
  | 'realm-refused'
  | 'credentials-unreadable'
  | 'credential-helper-failed'
  | 'rate-limited'
  | 'registry-failed';

export class TransportFault extends Fault<TransportFaultCode> {}
