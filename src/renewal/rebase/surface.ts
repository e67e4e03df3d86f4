// Proofs on what the layers above the base do to it: package databases, the linker, files removed and replaced.
import type { HistoryEntry } from '../../image/index.ts';
import { type LayerResult, PathSet, pathHash } from '../../scan/inventory/index.ts';
import { baseChanges } from './packages.ts';
import { type Proof, proof } from './proof.ts';
import { common } from './sets.ts';
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

/** Made from what the base held when the image was built. */
const generated = [
  'etc/ssl/certs/ca-certificates.crt',
  'etc/ssl/certs/java/cacerts',
  'etc/ssl/cert.pem',
  'etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  'etc/pki/ca-trust/extracted/java/cacerts',
  'usr/lib/locale/locale-archive',
  'usr/share/glib-2.0/schemas/gschemas.compiled',
  'usr/share/mime/mime.cache',
];
/** Accounts that a build adds to; they hold as long as the new base's packages want no others. */
const accounts = ['passwd', 'group', 'shadow', 'gshadow', 'subuid', 'subgid'].flatMap((name) => [
  `etc/${name}`,
  `etc/${name}-`,
]);
const byHash = (paths: readonly string[]) => new Map(paths.map((path) => [pathHash(path), path]));
const generatedByHash = byHash(generated);
const accountsByHash = byHash(accounts);

/**
 * A file that was copied in stands on any base as it stood on this one; one that a command made out of the base's own
 * does not. Which of both it was is said by the history.
 */
export function proveOverwrites({ app, oldBase, newBase, linked }: RebaseInput): Proof {
  const isCopied = copiedLayers(app.config.history, app.config.diffIds.length).slice(
    oldBase.config.diffIds.length,
  );
  const stale: string[] = [];
  const untold: string[] = [];
  const kept: string[] = [];
  let copied = 0;
  app.upper.forEach((layer, at) => {
    for (const hash of replacedBy(layer, oldBase.view.files, newBase.view.files)) {
      if (linked === true || isCopied[at] === true) copied++;
      else if (generatedByHash.has(hash)) stale.push(generatedByHash.get(hash)!);
      else if (accountsByHash.has(hash)) kept.push(accountsByHash.get(hash)!);
      else untold.push(oldBase.view.named.get(hash) ?? newBase.view.named.get(hash) ?? '');
    }
  });
  if (stale.length > 0)
    return proof(
      'overwrites',
      'no',
      'a file above the base was made from what the old base held',
      unique(stale),
    );
  if (untold.length > 0) {
    const names = unique(untold.filter((name) => name !== ''));
    const rest = untold.filter((name) => name === '').length;
    const detail =
      rest === 0 ? names : [...names, `${rest} ${names.length > 0 ? 'more ' : ''}whose names were not kept`];
    return proof(
      'overwrites',
      'unknown',
      `commands of the build replaced ${untold.length} files of the base`,
      detail,
    );
  }
  const { added } = baseChanges(oldBase.view, newBase.view);
  if (kept.length > 0 && added.length > 0)
    return proof(
      'overwrites',
      'unknown',
      'the image brings its own list of accounts, and packages that the new base adds may want others',
      [...unique(kept), ...added.map(({ name }) => name)],
    );
  const said = [
    ...(copied > 0 ? [`${copied} files of the base are replaced by files copied in`] : []),
    ...(kept.length > 0 ? ['the image keeps its own accounts'] : []),
  ];
  return proof('overwrites', 'yes', said.join(', ') || 'no layer above the base replaces a file of it');
}

function replacedBy({ touchedFiles }: LayerResult, ...bases: readonly Float64Array[]): Set<number> {
  return new Set(bases.flatMap((files) => common(touchedFiles, files)));
}

/** For each layer whether COPY or ADD made it, as the history says; undefined where the history does not fit. */
function copiedLayers(history: readonly HistoryEntry[], layers: number): (boolean | undefined)[] {
  const filled = history.filter(({ emptyLayer }) => !emptyLayer);
  if (filled.length !== layers) return Array.from({ length: layers }, () => undefined);
  return filled.map(({ createdBy }) => /^(?:\/bin\/sh -c #\(nop\)\s*)?(?:COPY|ADD)\s/.test(createdBy ?? ''));
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
