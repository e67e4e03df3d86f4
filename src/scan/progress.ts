// What a long scan tells while it runs.

export interface ScanProgress {
  /** Layers to read and their stored bytes; files for a root file system are not known beforehand. */
  layers(count: number, bytes: number): void;
  bytes(count: number): void;
  layerDone(): void;
  files(count: number): void;
  stage(text: string): void;
}
