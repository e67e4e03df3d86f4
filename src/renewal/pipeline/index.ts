// Pipelines that rebuild an image: asked once, followed to the end.
export type { BuildRequest, Pipeline, RunHandle, RunState } from './pipeline.ts';
