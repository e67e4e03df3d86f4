// Which image stands on which base: claims, layers, Dockerfiles; the book of every base seen.
export { chainIds, type Evidence, type FoundBase, type SeenBase } from './base.ts';
export { type Claimed, claimsOf } from './claims.ts';
export {
  type DockerfileBases,
  type DockerfileOptions,
  parseDockerfile,
  type Source,
  type Stage,
} from './dockerfile.ts';
export { LineageFault, type LineageFaultCode } from './fault.ts';
export { type Claim, type Lineage, type LineageFacts, lineageOf } from './lineage.ts';
export { isLinkedBuild, type Material, materialsOf } from './materials.ts';
