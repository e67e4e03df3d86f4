// TARGET in; manifest, config and layers out.
export type {
  ImageOrigin,
  ImageTarget,
  LayerSource,
  RootTarget,
  SbomTarget,
  Target,
  TargetLayer,
} from './target.ts';
