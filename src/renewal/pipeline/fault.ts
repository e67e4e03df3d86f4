// What can go wrong with a pipeline that is to rebuild an image, and whether time mends it.
import { Fault, type FaultDetails } from '../../core/index.ts';

export type PipelineFaultCode =
  | 'pipeline-login-refused'
  | 'pipeline-forbidden'
  | 'pipeline-unknown'
  | 'pipeline-parameters'
  | 'pipeline-refused'
  | 'pipeline-busy'
  | 'pipeline-failed'
  | 'pipeline-answer-invalid'
  | 'build-impossible'
  | 'build-base-unknown'
  | 'buildah-missing';

const passing: ReadonlySet<PipelineFaultCode> = new Set(['pipeline-busy', 'pipeline-failed']);

export class PipelineFault extends Fault<PipelineFaultCode> {
  /** Ms that the service asks to be left alone. */
  readonly retryAfter: number | undefined;

  constructor(
    code: PipelineFaultCode,
    message: string,
    details: FaultDetails & { retryAfter?: number } = {},
  ) {
    super(code, message, details);
    this.retryAfter = details.retryAfter;
  }

  /** The same may succeed later; everything else waits for a person. */
  get isPassing(): boolean {
    return passing.has(this.code);
  }
}
