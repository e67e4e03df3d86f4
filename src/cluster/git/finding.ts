// What one file of a repository says about the image that moves: values to change, and those that are left.
import type { DigestChange } from '../workload/index.ts';
import type { YamlEdit, YamlPath } from './yamltext.ts';

export interface FileFindings {
  edits: YamlEdit[];
  /** Named by a tag alone, another than the one that was given: nobody can tell what they run. */
  byTag: { document: number; path: YamlPath; image: string }[];
  /** Why a value is left, where a person has to decide. */
  problems: string[];
}

export function noFindings(): FileFindings {
  return { edits: [], byTag: [], problems: [] };
}

/** A text with the tag that was named beside the old digest is meant as well; others are only said. */
export function isMeant(
  change: DigestChange,
  moved: { named: 'digest' | 'tag'; tag: string | undefined },
): boolean {
  return moved.named === 'digest' || (change.tag !== undefined && moved.tag === change.tag);
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
