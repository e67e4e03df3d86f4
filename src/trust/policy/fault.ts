// What can go wrong with what people hand over to be made a policy of.
import { Fault } from '../../core/index.ts';

export type PolicyFaultCode = 'azure-policy-invalid' | 'azure-regex-refused';

export class PolicyFault extends Fault<PolicyFaultCode> {}
