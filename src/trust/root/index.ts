// Trust roots: who the authorities, logs and timestamp authorities are.
export { RootFault, type RootFaultCode } from './fault.ts';
export type { TrustedLog } from './log.ts';
export { type LoadedRoot, loadTrustedRoot, publicGood, publicSource, tufSource } from './public.ts';
export { parseTrustedRoot, type SigstoreRoot, type TrustedAuthority } from './trustedroot.ts';
export { type TufSource, updateTrustedRoot } from './tuf.ts';
export { isWithin, type Validity } from './validity.ts';
