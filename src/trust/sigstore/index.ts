// Sigstore: cosign's signatures and attestations, bundles, logs.
export { bundleType, predicateHint } from './bundle.ts';
export { cosignSignPredicate } from './content.ts';
export { SigningFault, type SigningFaultCode } from './fault.ts';
export type { LogService } from './rekor.ts';
export { type BundleServices, type BundleSigner, signBundle } from './sign.ts';
export { annotations as cosignAnnotations, envelopeType, simpleSigningType } from './simplesigning.ts';
export { requestTimestamp } from './timestamping.ts';
export { type SigstoreMaterial, verifySigstore } from './verify.ts';
