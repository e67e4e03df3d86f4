// Makes every image of the suite: `node interop/make.ts`.
import { layerOf, layoutOf } from './images.ts';
import { recipes } from './recipes.ts';

export function imageOf(name: string): { layout: string; tree: string } {
  const { on } = recipes[name]!;
  const layer = layerOf(name, recipes);
  return {
    layout: layoutOf(`image-${name}`, [...on.map((below) => layerOf(below, recipes)), layer]),
    tree: layer.tree,
  };
}

export const imageNames = Object.keys(recipes);

if (import.meta.main)
  for (const name of imageNames) process.stdout.write(`${name} ${imageOf(name).layout}\n`);
