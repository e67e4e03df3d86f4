// What can be wrong with what lineage reads that somebody outside can act on.
import { Fault } from '../core/index.ts';

export type LineageFaultCode = 'dockerfile-invalid' | 'dockerfile-target-unknown';

export class LineageFault extends Fault<LineageFaultCode> {}

export function invalidDockerfile(line: number, expected: string, got: string): LineageFault {
  return new LineageFault(
    'dockerfile-invalid',
    `Dockerfile line ${line}: expected ${expected}, got ${got.slice(0, 120)}`,
  );
}
