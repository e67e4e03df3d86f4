// Keys of this machine, and the seam of key services.
export { decryptKey, encryptKey, isEncrypted } from './encrypted.ts';
export { KeyFault, type KeyFaultCode } from './fault.ts';
export {
  type KeyPair,
  type KeyService,
  makeKeyPair,
  type OpenKeyOptions,
  openKey,
  publicPem,
  readPrivateKey,
  readPublicKey,
} from './open.ts';
export { ephemeralSigner, type KeySigner, localSigner } from './signer.ts';
