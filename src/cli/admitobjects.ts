// Kubernetes objects of files: of this machine, of standard input, or as they stand in a repository of manifests.
import { readFileSync } from 'node:fs';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';

export interface TextSource {
  git?: string;
  gitBase?: string;
}

type Json = Record<string, unknown>;

/** Texts by file. Throws CliFault `file-unreadable`, GitFault. */
export async function textsOf(
  files: readonly string[],
  { git, gitBase }: TextSource,
  signal: AbortSignal,
): Promise<[file: string, text: string][]> {
  if (git === undefined)
    return files.map((file) => [file, file === '-' ? readFileSync(0, 'utf8') : readText(file)]);
  const { openRepository } = await import('../cluster/git/index.ts');
  const repository = await openRepository(git, {
    signal,
    ...(gitBase === undefined ? {} : { base: gitBase }),
  });
  try {
    const { objects, base, directory, name } = repository;
    const listed = await objects.list(base.commit, directory);
    const wanted = files.map((file) => {
      const found = listed.find(({ path }) => path === `${directory}${file}`);
      if (found !== undefined) return found;
      throw new CliFault('file-unreadable', `expected ${file} on ${base.branch} of ${name}, got none`);
    });
    const contents = await objects.read(wanted);
    return wanted.map(({ path }) => [path, contents.get(path)!.toString('utf8')]);
  } finally {
    repository.close();
  }
}

/** Documents of a file; the items of a List each on their own. Throws CliFault `file-unreadable`. */
export async function objectsIn(file: string, text: string): Promise<Json[]> {
  const { parseAllDocuments } = await import('yaml');
  const objects: Json[] = [];
  for (const document of parseAllDocuments(text)) {
    if (!('errors' in document)) continue;
    if (document.errors.length > 0)
      throw new CliFault('file-unreadable', `expected YAML in ${file}, got ${document.errors[0]!.message}`);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) continue;
    if (typeof value !== 'object' || Array.isArray(value) || typeof (value as Json)['kind'] !== 'string')
      throw new CliFault(
        'file-unreadable',
        `expected Kubernetes objects in ${file}, got a document without kind`,
      );
    const items = (value as Json)['kind'] === 'List' ? (value as Json)['items'] : undefined;
    objects.push(...(Array.isArray(items) ? (items as Json[]) : [value as Json]));
  }
  if (objects.length === 0)
    throw new CliFault('file-unreadable', `expected Kubernetes objects in ${file}, got none`);
  return objects;
}
