// Kustomize: the `images:` of a kustomization, which name, tag and digest what the manifests below it only call by name.
import { type DigestChange, movedText, referenceOf } from '../workload/index.ts';
import { type FileFindings, isMap, isMeant, noFindings } from './finding.ts';

export function isKustomization(path: string): boolean {
  return /(?:^|\/)(?:kustomization\.ya?ml|Kustomization)$/.test(path);
}

export function findInKustomization(values: readonly unknown[], change: DigestChange): FileFindings {
  const found = noFindings();
  for (const [document, value] of values.entries()) {
    const images = isMap(value) && Array.isArray(value['images']) ? value['images'] : [];
    for (const [i, entry] of images.entries())
      if (isMap(entry)) findInEntry(entry, change, document, ['images', i], found);
  }
  return found;
}

/** What an entry makes of an image: `newName` (or `name`), with `newTag` and `digest`; the digest decides. */
function findInEntry(
  entry: Record<string, unknown>,
  change: DigestChange,
  document: number,
  at: readonly (string | number)[],
  found: FileFindings,
): void {
  const { newTag, digest } = entry;
  const name =
    typeof entry['newName'] === 'string' && entry['newName'] !== '' ? entry['newName'] : entry['name'];
  const reference = typeof name === 'string' ? referenceOf(name) : undefined;
  if (reference?.domain !== change.domain || reference.repository !== change.repository) return;
  const setTag = () => {
    if (typeof newTag === 'string' && newTag !== '' && change.toTag !== undefined && newTag !== change.toTag)
      found.edits.push({ document, path: [...at, 'newTag'], before: newTag, after: change.toTag });
  };
  if (typeof digest === 'string' && digest !== '') {
    if (digest !== change.from) return;
    found.edits.push({ document, path: [...at, 'digest'], before: digest, after: change.to });
    setTag();
    return;
  }
  if (newTag === undefined || newTag === null || newTag === '') return;
  if (typeof newTag !== 'string') {
    // a tag such as 1.10 is a number to YAML; kustomize refuses it as well
    found.problems.push(`images: newTag of ${String(name)} is no text; put it in quotes`);
    return;
  }
  const moved = movedText(`${String(name)}:${newTag}`, change);
  if (moved === undefined) return;
  if (moved.named === 'digest') {
    // `newTag: 1.2@sha256:…` is written as well
    const after = moved.after.slice(moved.after.lastIndexOf(':', moved.after.indexOf('@')) + 1);
    found.edits.push({ document, path: [...at, 'newTag'], before: newTag, after });
  } else if (isMeant(change, moved)) {
    setTag();
    const hasKey = Object.hasOwn(entry, 'digest') && typeof digest === 'string';
    found.edits.push({
      document,
      path: [...at, 'digest'],
      before: hasKey ? '' : undefined,
      after: change.to,
    });
  } else found.byTag.push({ document, path: at, image: `${String(name)}:${newTag}` });
}
