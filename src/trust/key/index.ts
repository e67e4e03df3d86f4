// Keys of this machine, and the seam of key services.
export { decryptKey, encryptKey } from './encrypted.ts';
export { KeyFault, type KeyFaultCode } from './fault.ts';
export { type KeyService, type OpenKeyOptions, openKey } from './open.ts';
export { type KeyPair, makeKeyPair } from './pair.ts';
export { publicPem, readPrivateKey, readPublicKey } from './pem.ts';
export { isEncrypted } from './sealed.ts';
export { ephemeralSigner, type KeySigner, localSigner } from './signer.ts';
