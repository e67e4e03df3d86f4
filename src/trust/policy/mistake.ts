// How a mistake in a policy is told: at its place in the document, with the word that was probably meant.
import { nearest } from '../../core/index.ts';
import { imagePatternProblem } from './pattern.ts';

export type Path = readonly (string | number)[];

/** Names one mistake at a path within `spec`. */
export type Report = (path: Path, message: string) => void;

export function checkImage(pattern: string, anyHost: boolean, path: Path, report: Report): void {
  const problem = imagePatternProblem(pattern, anyHost);
  if (problem !== undefined) report(path, problem);
}

/** `, did you mean "…"?` where a known word is near. */
export function meant(word: string, words: readonly string[]): string {
  const right = nearest(word, words);
  return right === undefined ? '' : `, did you mean "${right}"?`;
}
