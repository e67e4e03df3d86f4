// What can be wrong with how a command was called.
import { Fault } from '../core/index.ts';

export type CliFaultCode =
  | 'option-invalid'
  | 'file-unreadable'
  | 'output-unwritable'
  | 'agent-failed'
  | 'demo-failed';

export class CliFault extends Fault<CliFaultCode> {}
