// What the API says of an image's lineage.

export interface ApiBase {
  /** Names it was seen under, the newest first. */
  references: string[];
  platformDigest: string;
  layers: number;
  /** What told it: `annotation`, `layers`, … */
  by: string[];
}

export interface ApiClaim {
  by: string;
  reference?: string;
  digest?: string;
  /** Whether the base's layers are the image's lowest; `ancestor`: they are, and another base stands between. */
  state: 'proven' | 'ancestor' | 'disproven' | 'unseen';
}

export interface ApiLineagePlatform {
  platform: string;
  /** What the name stands for: an index, or the manifest itself. */
  digest: string;
  platformDigest: string;
  layers: number;
  state: 'base' | 'ambiguous' | 'unknown';
  /** Of `unknown`. */
  why?: string;
  /** Of `base`: down to the ground, the nearest first. */
  bases: ApiBase[];
  /** Of `ambiguous`: each fits, and nothing tells them apart. */
  candidates: ApiBase[];
  /** Of the image's own documents; provenance is met when it is looked into, and is named in `by`. */
  claims: ApiClaim[];
}

export interface ApiStanding {
  reference: string;
  digest: string;
  platform: string;
  /** 1 stands on the image itself. */
  level: number;
  /** Level 1: on what the image's name stands for now, not on an earlier digest. */
  isCurrent?: boolean;
}

export interface ApiLineage {
  image: string;
  platforms: ApiLineagePlatform[];
  dependents: ApiStanding[];
  /** Dependents that are left out of a long answer. */
  more: number;
  /** Manifests that claim to stand on each other. */
  circle: string[];
}
