// What an SBOM is written about.
import type { Inventory } from '../inventory/index.ts';

export interface SbomSubject {
  /** The image's reference, or the root's path. */
  reference: string;
  digest?: string;
  inventory: Inventory;
}

/** What was read out of an SBOM. */
export interface ReadSbom {
  inventory: Inventory;
  reference: string;
  digest?: string;
}

/** Seaworthy's own fields of a package, by name: what purl and name cannot say. */
export type Facts = Record<string, string>;
