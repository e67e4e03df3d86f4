// Trust roots: who the authorities, logs and timestamp authorities are.
export { RootFault, type RootFaultCode } from './fault.ts';
export { type LoadedRoot, loadTrustedRoot, publicGood, publicSource, tufSource } from './public.ts';
export {
  isWithin,
  parseTrustedRoot,
  type SigstoreRoot,
  type TrustedAuthority,
  type TrustedLog,
  type Validity,
} from './trustedroot.ts';
export { type TufSource, updateTrustedRoot } from './tuf.ts';
