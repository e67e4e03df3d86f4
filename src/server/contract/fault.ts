// What a server said, or that it is no server of ours.
import { Fault } from '../../core/index.ts';

export type ServerFaultCode = 'server-refused' | 'server-answer';

export class ServerFault extends Fault<ServerFaultCode> {}
