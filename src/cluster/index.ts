// A cluster and what it is deployed from: what runs there and how it stands today; what is installed into it.
export { enforceable, enforces, protectionOf, setEnforcing } from './enforce.ts';
export { ClusterFault, type ClusterFaultCode } from './fault.ts';
export { type Installed, type InstallOptions, installInto, usualReplicas } from './install.ts';
export { type ManifestOptions, type Manifests, manifestsFor } from './manifests.ts';
export {
  isRefused,
  type Preview,
  type PreviewOptions,
  type PreviewRow,
  previewNamespace,
  previewPolicy,
} from './preview.ts';
export { previewJson } from './previewjson.ts';
export { formatPreview } from './previewtable.ts';
export { clusterStatus } from './status.ts';
export type {
  ClusterStatus,
  ContextStatus,
  ImageStatus,
  RunningFinding,
  RunningStatus,
  StatusOptions,
} from './statusanswer.ts';
export { type Surveyed, surveyCluster } from './statuscluster.ts';
export { statusJson } from './statusjson.ts';
export { changedAt, type JudgingPolicy, policyInCluster, policyOfFile } from './statuspolicy.ts';
export { formatReach, type Reach, reachOf } from './statusreach.ts';
export { formatStatus } from './statustable.ts';
export { type Uninstalled, uninstallFrom } from './uninstall.ts';
