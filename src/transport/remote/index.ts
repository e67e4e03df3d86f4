// The registry client: who may, pull, push, lists.

export type { Scope } from './auth.ts';
export { type AzureOptions, azureCredentials, machineCredentials } from './azure.ts';
export type { Credential, Credentials } from './credential.ts';
export { anonymous, fileCredentials, type TextCredentials, textCredentials } from './credentials.ts';
export type { FetchedManifest } from './documents.ts';
export { RemoteFault, type RemoteFaultCode } from './fault.ts';
export { listTags } from './list.ts';
export {
  type BlobOptions,
  fetchBlob,
  fetchManifest,
  findManifest,
  hasBlob,
  ping,
  resolveTag,
  streamBlob,
} from './pull.ts';
export { type PushBlobOptions, type Pushed, type PushedManifest, pushBlob, pushManifest } from './push.ts';
export { fallbackTag, listFallback, listReferrers } from './referrers.ts';
export { keepRegistries } from './registries.ts';
export {
  openRegistry,
  type Registries,
  type Registry,
  type RegistryOptions,
  type RegistryRequest,
} from './registry.ts';
export { deleteBlob, deleteManifest } from './remove.ts';
