// Notation signatures: read, verified with their chains, times and revocation, and made.
export { type Algorithm, hashOf } from './algorithm.ts';
export { envelopeTypes, type NotationEnvelope, signatureArtifactType } from './content.ts';
export { parseEnvelope } from './envelope.ts';
export { NotationFault, type NotationFaultCode } from './fault.ts';
export { gatherRevocation } from './fetchrevocation.ts';
export { formatName, isSubset, type Name, parseName, readName } from './name.ts';
export { type Fetched, noRevocationEvidence, type RevocationEvidence } from './revocation.ts';
export { policyFor } from './scope.ts';
export { type NotationSignature, type SignNotationOptions, signNotation } from './sign.ts';
export { checkTrustPolicy, parseTrustPolicy } from './trustpolicy.ts';
export { readTrustStores } from './truststore.ts';
export { chainsToCheck, verifyNotation } from './verify.ts';
