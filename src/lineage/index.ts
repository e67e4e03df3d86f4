// Which image stands on which base: claims, layers, Dockerfiles; the book of every base seen.

export { type Ancestor, ancestorsOf } from './ancestors.ts';
export { chainIds, type Evidence, type FoundBase, type SeenBase } from './base.ts';
export { type LineageTables, lineageBook } from './book.ts';
export { type Claimed, claimsOf } from './claims.ts';
export {
  type DockerfileBases,
  type DockerfileOptions,
  parseDockerfile,
  type Source,
  type Stage,
} from './dockerfile.ts';
export { LineageFault, type LineageFaultCode } from './fault.ts';
export { dependentsOf, type Ground, type Standing, type Standings } from './graph.ts';
export { type Known, knownOf } from './known.ts';
export { type Claim, type Lineage, type LineageFacts, lineageOf } from './lineage.ts';
export { type Looked, type LookOptions, lookUp } from './look.ts';
export { isLinkedBuild, type Material, materialsOf } from './materials.ts';
export { type FoundProvenance, isLinkedImage, provenanceOf } from './provenance.ts';
export { forgetTag, recordBase, recordSighting, type SeenPlatform, type Sighting } from './record.ts';
export { type BaseQuery, basesUnder, keptDocument } from './seen.ts';
export { type Dependent, staleOn } from './stale.ts';
export { staleBases, standsOn } from './standing.ts';
