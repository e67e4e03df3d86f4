// What an image says of its base, in annotations and labels: the new base's name and digest after a rebase.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../image/index.ts';
import type { Conflict } from './merge.ts';
import type { RebaseImage } from './sides.ts';

export interface BaseNames {
  /** `HOST/REPOSITORY[:TAG]` of the new base. */
  name: string;
  /** Of its manifest for this platform: the image that shares its lowest layers. */
  digest: string;
}

export const baseName = 'org.opencontainers.image.base.name';
export const baseDigest = 'org.opencontainers.image.base.digest';
const buildpacks = 'io.buildpacks.lifecycle.metadata';

/** Labels that named the old base name the new one; none is added. */
export function renamedLabels(
  labels: unknown,
  app: RebaseImage,
  newBase: RebaseImage,
  { name, digest }: BaseNames,
  conflicts: Conflict[],
): Record<string, unknown> | undefined {
  if (labels === undefined || labels === null) return undefined;
  const result = { ...(labels as Record<string, unknown>) };
  const own = app.config.labels;
  if (own[baseName] !== undefined) result[baseName] = name;
  if (own[baseDigest] !== undefined) result[baseDigest] = digest;
  if (own[buildpacks] !== undefined)
    result[buildpacks] = renamedRunImage(own[buildpacks], newBase, { name, digest }, conflicts);
  return isDeepStrictEqual(result, labels) ? (labels as Record<string, unknown>) : result;
}

/** Buildpacks find their cut by the top layer of the run image (lifecycle, phase/rebaser.go). */
function renamedRunImage(
  text: string,
  newBase: RebaseImage,
  { name, digest }: BaseNames,
  conflicts: Conflict[],
): string {
  try {
    const metadata = JSON.parse(text) as { runImage?: JsonObject };
    if (typeof metadata.runImage !== 'object' || metadata.runImage === null) return text;
    const repository = name.replace(/:[^/:]*$/, '');
    const runImage = {
      ...metadata.runImage,
      topLayer: newBase.config.diffIds.at(-1),
      reference: `${repository}@${digest}`,
    };
    return JSON.stringify({ ...metadata, runImage });
  } catch {
    conflicts.push({ field: `config.Labels.${buildpacks}`, text: 'it is no JSON, and stays as it is' });
    return text;
  }
}

/** Annotations of a manifest: OCI manifests always say their base, others where they said one. */
export function renamedAnnotations(
  annotations: unknown,
  { name, digest }: BaseNames,
  isAlwaysSaid: boolean,
): Record<string, unknown> | undefined {
  const before = (annotations ?? undefined) as Record<string, unknown> | undefined;
  if (!isAlwaysSaid && before?.[baseName] === undefined && before?.[baseDigest] === undefined) return before;
  return { ...before, [baseName]: name, [baseDigest]: digest };
}
