// Bases that were seen, as an image's layers and claims are compared with them.
import { createHash } from 'node:crypto';

/** A manifest of one platform under which an image may stand. */
export interface SeenBase {
  /** `HOST/REPOSITORY:TAG`, every name it was seen under, the newest first. */
  references: string[];
  /** Of what those names stood for: its index, or the manifest itself; the newest first. */
  digests: string[];
  platformDigest: string;
  diffIds: readonly string[];
  /** Somebody says that it is a base: it is watched as one, or was given as one. */
  isBase: boolean;
}

/** By what a base was told. `layers`: nothing but its diffIDs. */
export type Evidence = 'provenance' | 'annotation' | 'label' | 'buildpacks' | 'dockerfile' | 'layers';

export interface FoundBase {
  references: string[];
  digest: string;
  platformDigest: string;
  /** How many of the image's layers are its. */
  layers: number;
  by: Evidence[];
  /** The one of `references` that the image itself names. */
  named?: string;
}

/**
 * The chain of each number of lowest layers, `[0]` that of one (image-spec config.md, "Layer ChainID"): two images with
 * the same chain at one height have the same layers up to there.
 */
export function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = [];
  for (const diffId of diffIds) {
    const below = chains.at(-1);
    chains.push(
      below === undefined
        ? diffId
        : `sha256:${createHash('sha256').update(`${below} ${diffId}`).digest('hex')}`,
    );
  }
  return chains;
}
