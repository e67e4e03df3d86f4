// What can be wrong with images and root file systems on this machine.
import { Fault } from '../../core/index.ts';

export type LocalFaultCode =
  | 'target-not-found'
  | 'target-unreadable'
  | 'image-not-here'
  | 'layout-invalid'
  | 'archive-invalid'
  | 'engine-failed';

export class LocalFault extends Fault<LocalFaultCode> {}
