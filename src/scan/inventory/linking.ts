// The ELF files that a container of some layers sees: what renewal compares with what the programs above need.
import type { ElfFacts } from './inventory.ts';
import { Links } from './links.ts';
import { parentsOf, pathHash } from './paths.ts';
import type { LayerResult } from './result.ts';
import { hiddenBy } from './squash.ts';

export interface LinkedFile extends ElfFacts {
  path: string;
  /** Index of the layer that brought it. */
  layer: number;
}

/** Lowest layer first. Paths are written without the linked directories above them. */
export function linkedFiles(layers: readonly LayerResult[]): LinkedFile[] {
  const seen = new Map<string, { file: LinkedFile; hash: number }>();
  const directories = new Map<string, number>();
  const links = new Links();
  layers.forEach((layer, at) => {
    if (at > 0) {
      const gone = hiddenBy(layer, directories);
      for (const [path, { hash }] of seen) if (gone(path, hash)) seen.delete(path);
    }
    for (const facts of layer.facts.elf) {
      const path = links.resolve(facts.path);
      seen.set(path, { file: { ...facts, path, layer: at }, hash: pathHash(path) });
      for (const parent of parentsOf(path)) {
        if (directories.has(parent)) break;
        directories.set(parent, pathHash(parent));
      }
    }
    links.add(layer);
  });
  return [...seen.values()].map(({ file }) => file);
}
