// The distribution-spec server.
export {
  type Access,
  type AccessAnswer,
  type AccessRequest,
  type Action,
  basicAccess,
  bearerAccess,
  openAccess,
} from './access.ts';
export { type Catalogue, memoryCatalogue, type StoredManifest } from './catalogue.ts';
export { bookCatalogue, registryBook } from './cataloguebook.ts';
export type { Gate, GateAnswer, RegistryChange } from './context.ts';
export { createRegistry, type RegistryServerOptions } from './server.ts';
