// The proof that every program above the base still finds its interpreter and its libraries.
import { type LayerResult, Links, linkedFiles, PathSet, pathHash } from '../../scan/inventory/index.ts';
import { type Proof, proof } from './proof.ts';
import type { RebaseInput } from './sides.ts';
import { providedBy } from './view.ts';

export function proveLibraries({ app, oldBase, newBase }: RebaseInput): Proof {
  const base = newBase.view.layers;
  const files = linkedFiles([...base, ...app.upper]);
  const above = files.filter(({ layer }) => layer >= base.length);
  if (above.length === 0) return proof('libraries', 'yes', 'no program above the base is dynamically linked');
  const provided = providedBy(files);
  const missing = new Set<string>();
  let before = 0;
  for (const { path, needed } of above)
    for (const name of needed) {
      if (provided.has(name)) continue;
      // what it never had is no worse without: a plug-in's host brings it, or nothing ever loaded it
      if (!oldBase.view.provided.has(name)) before++;
      else missing.add(`${name}, needed by ${path}`);
    }
  const paths = pathsOf([...base, ...app.upper]);
  for (const { path, interpreter } of above)
    if (interpreter !== undefined && !isThere(interpreter, paths))
      missing.add(`${interpreter}, the interpreter of ${path}`);
  if (missing.size > 0) {
    const [first] = missing;
    return proof('libraries', 'no', `the new base has no ${first}`, [...missing]);
  }
  return proof(
    'libraries',
    'yes',
    `${above.length} linked ${above.length === 1 ? 'program' : 'programs'} above the base find every library${before > 0 ? ' that they found before' : ''}`,
  );
}

interface Paths {
  links: Links;
  files: PathSet[];
}

function pathsOf(layers: readonly LayerResult[]): Paths {
  const links = new Links();
  for (const layer of layers) links.add(layer);
  return { links, files: layers.map(({ touchedFiles }) => new PathSet(touchedFiles)) };
}

function isThere(path: string, { links, files }: Paths): boolean {
  const plain = path.replace(/^\/+/, '');
  return [plain, links.resolve(plain)].some((spelling) => files.some((set) => set.has(pathHash(spelling))));
}
