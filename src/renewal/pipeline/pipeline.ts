// What a pipeline is to a renewal: something that is asked once for one image, followed to its end, and never believed.

export interface BuildRequest {
  /** The same for the same work: a run that was started for it is found again instead of another being started. */
  id: string;
  /** `HOST/REPOSITORY` of the image. */
  image: string;
  /** Where the new image is to be pushed; no other tag is written by a build. */
  stagingTag: string;
  /** The tag that is renewed, for people and logs. */
  tag: string;
  /** What it must be built on: `HOST/REPOSITORY`, the tag, and the digest that was found to be allowed. */
  base: { image: string; tag: string; digest: string };
  /** `linux/amd64`; those of the image that is renewed. */
  platforms: readonly string[];
}

/** Small JSON that the record keeps; enough to go on after a crash. */
export type RunHandle = Readonly<Record<string, unknown>>;

export type RunState =
  /** `text`: what a person would see there now. */
  | { state: 'running'; text: string; url?: string; handle?: RunHandle }
  /** `digest`: what the run says it pushed, where it says so; the registry is asked whatever it says. */
  | { state: 'succeeded'; digest?: string; url?: string }
  | { state: 'failed'; text: string; url?: string };

export interface Pipeline {
  /** `buildah`, `azure-pipelines`, `jenkins`. */
  readonly kind: string;
  /**
   * Starts a run, or finds the one of the same id. Whoever calls it saves the handle; a crash between the start and
   * the save is met by the id. Rejects with PipelineFault (`isPassing`: the same may succeed later).
   */
  start(request: BuildRequest, signal: AbortSignal): Promise<RunHandle>;
  /** One look. Rejects with PipelineFault. */
  follow(handle: RunHandle, signal: AbortSignal): Promise<RunState>;
  /** Asks the run to stop; a run that ended is left alone. */
  cancel(handle: RunHandle, signal: AbortSignal): Promise<void>;
  /** Whether it could be asked now: login, names, parameters. For `seaworthy serve` at start and for `renew --plan`. */
  probe(signal: AbortSignal): Promise<void>;
}
