// What can be wrong with an SBOM.
import { Fault } from '../../core/index.ts';

export type SbomFaultCode = 'sbom-invalid' | 'sbom-unknown-format';

export class SbomFault extends Fault<SbomFaultCode> {}
