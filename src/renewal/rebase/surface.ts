// Proofs on what the layers above the base do to it: package databases, the linker, files removed.
import { PathSet, pathHash } from '../../scan/inventory/index.ts';
import { type Proof, proof } from './proof.ts';
import { common, unique } from './sets.ts';
import type { RebaseInput } from './sides.ts';

/** Two package databases laid over each other lie: what is installed would no longer be what is listed. */
export function proveDatabases({ app }: Pick<RebaseInput, 'app'>): Proof {
  const touched = app.upper.flatMap(({ facts }) => facts.databases);
  return touched.length > 0
    ? proof('databases', 'no', 'a layer above the base writes a package database', unique(touched))
    : proof('databases', 'yes', 'no layer above the base writes a package database');
}

export function proveLinker({ app }: Pick<RebaseInput, 'app'>): Proof {
  const touched = app.upper.flatMap(({ facts }) => facts.linker);
  return touched.length > 0
    ? proof(
        'linker',
        'no',
        'a layer above the base writes the linker, its cache or its configuration',
        unique(touched),
      )
    : proof('linker', 'yes', 'no layer above the base writes the linker, its cache or its configuration');
}

/** What is taken away above the base was decided looking at the old one. */
export function proveRemovals({ app, oldBase, newBase }: RebaseInput): Proof {
  const views = [oldBase.view, newBase.view];
  const bases = views.map(pathsOf);
  const taken: string[] = [];
  const untold: string[] = [];
  app.upper.forEach(({ whiteouts, opaques, touchedFiles, touchedDirectories }, at) => {
    const own = app.upper.slice(0, at).map((layer) => [layer.touchedFiles, layer.touchedDirectories]);
    const isOwn = owns(own.flat());
    for (const path of whiteouts) {
      if (bases.some((has) => has(path))) taken.push(path);
      // archives need not list their directories: what nobody listed may be a directory of the base
      else if (!isOwn(path)) untold.push(path);
    }
    for (const path of opaques) if (path === '' || bases.some((has) => has(path))) taken.push(`${path}/`);
    for (const { files, directories } of views)
      if (common(touchedFiles, directories).length + common(touchedDirectories, files).length > 0)
        taken.push('a directory and a file that took each other’s place');
  });
  if (taken.length > 0)
    return proof('removals', 'no', 'a layer above the base removes what a base owns', unique(taken));
  return untold.length > 0
    ? proof('removals', 'unknown', 'a layer above the base removes what no layer lists', unique(untold))
    : proof('removals', 'yes', 'no layer above the base removes what a base owns');
}

/** Whether a base has a path, by its own name or behind links of directories. */
function pathsOf({
  files,
  directories,
  links,
  implied,
}: RebaseInput['oldBase']['view']): (path: string) => boolean {
  const has = owns([files, directories]);
  return (path) => [path, links.resolve(path)].some((spelling) => has(spelling) || implied.has(spelling));
}

function owns(sets: readonly Float64Array[]): (path: string) => boolean {
  const paths = sets.map((hashes) => new PathSet(hashes));
  return (path) => {
    const hash = pathHash(path);
    return paths.some((set) => set.has(hash));
  };
}
