// What can be wrong with an image's names and documents.
import { Fault } from '../core/index.ts';

export type ImageFaultCode =
  | 'reference-invalid'
  | 'digest-invalid'
  | 'digest-mismatch'
  | 'platform-invalid'
  | 'manifest-invalid'
  | 'manifest-too-large'
  | 'manifest-schema1'
  | 'media-type-unknown'
  | 'media-type-mismatch'
  | 'config-invalid'
  | 'tar-corrupt'
  | 'tar-limit'
  | 'layer-corrupt'
  | 'layer-limit'
  | 'statement-invalid';

export class ImageFault extends Fault<ImageFaultCode> {}
