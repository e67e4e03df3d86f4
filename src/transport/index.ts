// TARGET in; manifest, config and layers out; images moved by digest.
export {
  type CopyDestination,
  type CopyOptions,
  type CopySource,
  copyImage,
  fromLayout,
  fromRegistry,
  type RawManifest,
  toLayout,
  toRegistry,
} from './copy.ts';
export { TransportFault, type TransportFaultCode } from './fault.ts';
export {
  type Engine,
  engineSockets,
  LocalFault,
  type LocalFaultCode,
  type RootEntry,
  type WalkOptions,
  walkRoot,
} from './local/index.ts';
export { type OpenOptions, openTarget } from './open.ts';
export {
  anonymous,
  azureCredentials,
  type Credential,
  type Credentials,
  deleteManifest,
  fallbackTag,
  fetchBlob,
  fetchManifest,
  fileCredentials,
  findManifest,
  hasBlob,
  listFallback,
  listReferrers,
  listTags,
  machineCredentials,
  openRegistry,
  ping,
  pushBlob,
  pushManifest,
  type Registry,
  type RegistryOptions,
  RemoteFault,
  type RemoteFaultCode,
  resolveTag,
  streamBlob,
} from './remote/index.ts';
export type {
  ImageOrigin,
  ImageTarget,
  LayerSource,
  RootTarget,
  SbomTarget,
  Target,
  TargetLayer,
} from './target.ts';
