// What a package is called, and which ecosystem and distribution it belongs to.
export { type Distribution, distributionOf, type MatchBy } from './distribution.ts';
export {
  distributionEcosystems,
  type EcosystemToAsk,
  ecosystemName,
  languageEcosystem,
} from './ecosystem.ts';
export { type EndOfLife, endOfLifeOf } from './endoflife.ts';
export type { OsRelease } from './osrelease.ts';
export { formatPurl, type Purl, packageOf, parsePurl } from './purl.ts';
