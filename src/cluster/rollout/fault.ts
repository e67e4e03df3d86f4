// What can go wrong with a rollout before anything moves.
import { Fault } from '../../core/index.ts';

export type RolloutFaultCode = 'rollout-record-invalid' | 'hold-unknown';

export class RolloutFault extends Fault<RolloutFaultCode> {}
