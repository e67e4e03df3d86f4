// How a mistake in a policy is told: at its place in the document, with the word that was probably meant.
import { nearest } from '../../core/index.ts';
import { imagePatternProblem, labelProblem } from './pattern.ts';

export type Path = readonly (string | number)[];

/** Names one mistake at a path within `spec`. */
export type Report = (path: Path, message: string) => void;

export function checkImage(pattern: string, anyHost: boolean, path: Path, report: Report): void {
  const problem = imagePatternProblem(pattern, anyHost);
  if (problem !== undefined) report(path, problem);
}

export function checkLabels(
  labels: Readonly<Record<string, string | readonly string[]>> | undefined,
  path: Path,
  report: Report,
): void {
  for (const [key, value] of Object.entries(labels ?? {}))
    for (const pattern of typeof value === 'string' ? [value] : value) {
      const problem = labelProblem(pattern);
      if (problem !== undefined) report([...path, 'labels', key], problem);
    }
}

/** `, did you mean "…"?` where a known word is near. */
export function meant(word: string, words: readonly string[]): string {
  const right = nearest(word, words);
  return right === undefined ? '' : `, did you mean "${right}"?`;
}
