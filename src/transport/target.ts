// What a TARGET opens to: an image, a root file system or an SBOM.
import type { ImageConfig, ImageManifest, Platform } from '../image/index.ts';

/** Whoever reads a source hashes it: the bytes are compared with the digest there, not here as well. */
export type LayerSource =
  /** Local: a worker thread reads the range itself. */
  | { kind: 'file'; path: string; offset: number; length: number }
  /** Remote: main thread only. */
  | { kind: 'stream'; open(signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> };

export interface TargetLayer {
  /** Of the bytes that `source` gives: compressed where the layer is; docker-archive: of the plain tar. */
  digest: string;
  mediaType: string;
  /** Bytes that `source` gives. */
  size: number;
  source: LayerSource;
}

export type ImageOrigin = 'registry' | 'docker' | 'oci' | 'oci-archive' | 'docker-archive';

export interface ImageTarget {
  kind: 'image';
  from: ImageOrigin;
  /** As resolved, for the report. */
  reference: string;
  /** Of the manifest; absent where the source keeps none (docker-archive, a local engine). */
  digest?: string;
  indexDigest?: string;
  platform: Platform;
  manifest: ImageManifest;
  config: ImageConfig;
  configDigest: string;
  /** Lowest first, as many as the config has diffIDs. */
  layers: TargetLayer[];
  annotations: Record<string, string>;
  close(): Promise<void>;
}

export interface RootTarget {
  kind: 'root';
  root: string;
  close(): Promise<void>;
}

export interface SbomTarget {
  kind: 'sbom';
  path: string;
  close(): Promise<void>;
}

export type Target = ImageTarget | RootTarget | SbomTarget;
