// A policy from a file, with the keys and certificates it names, and the labels that its rules are chosen by.
import { readFileSync } from 'node:fs';
import { type ImagePolicy, parsePolicy } from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';

/** Throws CliFault `file-unreadable`, DocumentFault. */
export function readPolicy(file: string): Promise<ImagePolicy> {
  return parsePolicy(readText(file), file, (path) => readFileSync(path, 'utf8'));
}

/** `environment=production`, each name once. Throws CliFault `option-invalid`. */
export function parseLabels(texts: readonly string[] = []): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0)).trim();
    if (name === '' || Object.hasOwn(labels, name))
      throw new CliFault(
        'option-invalid',
        `expected --label NAME=VALUE with each name once, got ${JSON.stringify(text)}`,
      );
    labels[name] = text.slice(at + 1).trim();
  }
  return labels;
}
