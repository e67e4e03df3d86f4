// Pipelines that rebuild an image: asked once, followed to the end.
export { type AzurePipelinesOptions, azurePipelines } from './azurepipelines.ts';
export { type BuildahOptions, buildah } from './buildah.ts';
export { PipelineFault, type PipelineFaultCode } from './fault.ts';
export { type JenkinsOptions, jenkins } from './jenkins.ts';
export { type AzureLogin, azureAuthorization, secretFrom } from './login.ts';
export type { BuildRequest, Pipeline, RunHandle, RunState } from './pipeline.ts';
