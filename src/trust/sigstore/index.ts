// Sigstore: cosign's signatures and attestations, bundles, logs.
export { bundleType } from './bundle.ts';
export { annotations as cosignAnnotations, envelopeType, simpleSigningType } from './simplesigning.ts';
export { cosignSignPredicate, type SigstoreMaterial, verifySigstore } from './verify.ts';
