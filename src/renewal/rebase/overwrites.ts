// The proof on files of the base that lie under files of the layers above: copied in, kept, or made of what was there.
import type { HistoryEntry } from '../../image/index.ts';
import { type LayerResult, pathHash } from '../../scan/inventory/index.ts';
import { baseChanges } from './packages.ts';
import { type Proof, proof } from './proof.ts';
import { common, unique } from './sets.ts';
import type { RebaseInput } from './sides.ts';

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
