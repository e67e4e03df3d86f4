// The three images that a rebase is about: the application's, the base it stands on, the base it is to stand on.
import type { ImageConfig, ImageManifest, JsonObject } from '../../image/index.ts';
import type { LayerResult } from '../../scan/inventory/index.ts';
import type { BaseView } from './view.ts';

/** One platform's documents: parsed, and as they were read, so that nothing in them is lost. */
export interface RebaseImage {
  manifest: ImageManifest;
  manifestDocument: JsonObject;
  config: ImageConfig;
  configDocument: JsonObject;
}

export interface RebaseBase extends RebaseImage {
  /** Made once for each base, whatever stands on it. */
  view: BaseView;
}

export interface RebaseApp extends RebaseImage {
  /** What is known of the layers above the old base, lowest first. */
  upper: readonly LayerResult[];
}

export interface RebaseInput {
  app: RebaseApp;
  oldBase: RebaseBase;
  newBase: RebaseBase;
  /** The policy permits a rebase of images whose author said nothing. */
  permitted?: boolean;
  /** Every layer above the base was made by COPY --link, by provenance that is believed. */
  linked?: boolean;
}
