// Plain Kubernetes manifests: the images of every known kind, in documents and in lists.
import { type DigestChange, groupOf, imagesOf, movedText } from '../workload/index.ts';
import { type FileFindings, isMap, isMeant, noFindings } from './finding.ts';
import type { YamlPath } from './yamltext.ts';

const listDepth = 3;

export function findInManifests(values: readonly unknown[], change: DigestChange): FileFindings {
  const found = noFindings();
  for (const [document, value] of values.entries()) findInObject(value, change, document, [], found);
  return found;
}

function findInObject(
  object: unknown,
  change: DigestChange,
  document: number,
  at: YamlPath,
  found: FileFindings,
): void {
  if (!isMap(object) || typeof object['kind'] !== 'string' || typeof object['apiVersion'] !== 'string')
    return;
  const { kind, apiVersion, items } = object;
  if (kind.endsWith('List') && Array.isArray(items) && at.length < listDepth * 2) {
    for (const [i, item] of items.entries()) findInObject(item, change, document, [...at, 'items', i], found);
    return;
  }
  for (const { image, path } of imagesOf(object, { group: groupOf(apiVersion), kind }).images) {
    const moved = movedText(image, change);
    if (moved === undefined) continue;
    const full = [...at, ...path];
    if (isMeant(change, moved)) found.edits.push({ document, path: full, before: image, after: moved.after });
    else found.byTag.push({ document, path: full, image });
  }
}
