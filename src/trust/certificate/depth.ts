// How deep honest documents nest.
import { childrenOf, type Der } from './der.ts';
import { invalidDer } from './fault.ts';

const deepest = 32;

/** Refuses bytes that nest deeper than honest ones do; readers that recurse call it first. */
export function checkDepth(element: Der, depth = 0): void {
  if (depth > deepest) throw invalidDer(`at most ${deepest} levels`, 'more');
  if ((element.tag & 0x20) !== 0) for (const child of childrenOf(element)) checkDepth(child, depth + 1);
}
