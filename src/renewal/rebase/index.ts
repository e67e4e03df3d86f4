// Proof that an image may stand on another base, and the documents it then has. Pure: no I/O.

export { type RebasedConfig, rebaseConfig } from './config.ts';
export { rebasableLabel } from './consent.ts';
export { RebaseFault, type RebaseFaultCode } from './fault.ts';
export { hindrances } from './ground.ts';
export { type RebasedManifest, type RebasedPlatform, rebaseIndex, rebaseManifest } from './manifest.ts';
export { type Family, familyOf } from './media.ts';
export type { Conflict } from './merge.ts';
export type { BaseNames } from './names.ts';
export { baseChanges } from './packages.ts';
export { failedProof, type Holds, isProven, type Proof, type ProofName, proofNames } from './proof.ts';
export { proveRebase, unproven } from './prove.ts';
export type { RebaseApp, RebaseBase, RebaseImage, RebaseInput } from './sides.ts';
export { type BaseView, viewBase } from './view.ts';
