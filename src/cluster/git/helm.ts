// Helm values: where in which file an image stands is declared, because only its chart knows.
import { type DigestChange, movedText, referenceOf } from '../workload/index.ts';
import { GitFault } from './fault.ts';
import { type FileFindings, isMap, isMeant, noFindings } from './finding.ts';
import { formatPath, type YamlPath } from './yamltext.ts';

export interface HelmValues {
  /** From the repository's root, or the directory that was given. */
  file: string;
  path: YamlPath;
}

/** `FILE:path.to[0].image`; a dot inside a key as `\.`. Throws GitFault `helm-values-invalid`. */
export function parseHelmValues(text: string): HelmValues {
  const colon = text.lastIndexOf(':');
  const file = text.slice(0, Math.max(colon, 0)).replace(/^\.\//, '');
  const keys = text.slice(colon + 1).match(/(?:\\.|[^.[\]\\])+|\[\d{1,4}\]|[.[\]\\]/g) ?? [];
  const path: (string | number)[] = [];
  let isValid = file !== '' && text.length <= 1024 && !/(?:^|\/)\.\.(?:\/|$)|^\/|[\0-\x1f]/.test(file);
  let wantsKey = true;
  for (const key of keys) {
    if (/^\[\d+\]$/.test(key) && path.length > 0 && !wantsKey) path.push(Number(key.slice(1, -1)));
    else if (key === '.' && !wantsKey) wantsKey = true;
    else if (wantsKey && !/^[.[\]\\]$/.test(key) && !/^\[\d+\]$/.test(key)) {
      path.push(key.replace(/\\(.)/g, '$1'));
      wantsKey = false;
    } else isValid = false;
  }
  if (!isValid || wantsKey || path.length === 0 || path.length > 32)
    throw new GitFault(
      'helm-values-invalid',
      `expected FILE:path.to.image, got ${JSON.stringify(text.slice(0, 160))}`,
      {
        hint: 'Name the values file from the repository’s root and the keys that lead to the image: charts/app/values.yaml:image',
      },
    );
  return { file, path };
}

/** The value is the whole reference, a map of `registry`, `repository`, `tag` and `digest`, or a digest alone. */
export function findInValues(values: readonly unknown[], at: YamlPath, change: DigestChange): FileFindings {
  const found = noFindings();
  let value: unknown = values[0];
  for (const key of at)
    value = isMap(value) || Array.isArray(value) ? (value as Record<string, unknown>)[key] : undefined;
  if (typeof value === 'string') findInText(value, at, change, found);
  else if (isMap(value)) findInMap(value, at, change, found);
  else
    found.problems.push(`${formatPath(at)}: expected text or a map with repository and digest, got neither`);
  return found;
}

function findInText(text: string, path: YamlPath, change: DigestChange, found: FileFindings): void {
  if (text === change.from) {
    found.edits.push({ document: 0, path, before: text, after: change.to });
    return;
  }
  const moved = movedText(text, change);
  if (moved === undefined) return;
  if (isMeant(change, moved)) found.edits.push({ document: 0, path, before: text, after: moved.after });
  else found.byTag.push({ document: 0, path, image: text });
}

function findInMap(
  map: Record<string, unknown>,
  at: YamlPath,
  change: DigestChange,
  found: FileFindings,
): void {
  const { registry, repository, tag, digest } = map;
  if (typeof repository !== 'string') {
    found.problems.push(`${formatPath(at)}: expected a map with a repository, got none`);
    return;
  }
  if (tag !== undefined && tag !== null && typeof tag !== 'string') {
    found.problems.push(`${formatPath(at)}: the tag is no text; put it in quotes`);
    return;
  }
  const name = typeof registry === 'string' && registry !== '' ? `${registry}/${repository}` : repository;
  const tagText = typeof tag === 'string' && tag !== '' ? `:${tag}` : '';
  const text =
    typeof digest === 'string' && digest !== '' ? `${name}${tagText}@${digest}` : `${name}${tagText}`;
  const named = referenceOf(text);
  if (named === undefined) {
    found.problems.push(
      `${formatPath(at)}: expected registry, repository, tag and digest that name an image`,
    );
    return;
  }
  const moved = movedText(text, change);
  if (moved === undefined) return;
  if (!isMeant(change, moved)) {
    found.byTag.push({ document: 0, path: at, image: text });
    return;
  }
  if (typeof digest === 'string') {
    if (typeof tag === 'string' && tag !== '' && change.toTag !== undefined && tag !== change.toTag)
      found.edits.push({ document: 0, path: [...at, 'tag'], before: tag, after: change.toTag });
    found.edits.push({ document: 0, path: [...at, 'digest'], before: digest, after: change.to });
  } else if (moved.named === 'digest' && typeof tag === 'string') {
    // `tag: 1.2@sha256:…`
    const after = moved.after.slice(moved.after.lastIndexOf(':', moved.after.indexOf('@')) + 1);
    found.edits.push({ document: 0, path: [...at, 'tag'], before: tag, after });
  } else
    found.problems.push(`${formatPath(at)}: has no digest key; add one if the chart reads it, and run again`);
}
