// Puts the extractors to work on the files of one layer or root file system, as they come by.
import { isFault, type Limits, type Undecided, undecided } from '../../core/index.ts';
import { cleanPath, type TarEntry, type TarSink } from '../../image/index.ts';
import type { Extractor, OpenFile } from './extractor.ts';
import { isLinkerPath, isPackageDatabase } from './facts.ts';
import { Entry, FileCollector, type Spool } from './openfile.ts';
import { canonicalPath, PathSet, pathHash } from './paths.ts';
import type { FileResult, LayerFacts, LayerResult } from './result.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const nothing = Buffer.alloc(0);

/** A TarSink that ends in a LayerResult. One instance reads one layer. */
export class Analysis implements TarSink {
  readonly #extractors: readonly Extractor[];
  readonly #limits: Limits;
  readonly #spool: Spool;
  readonly #files = new Map<string, FileResult>();
  readonly #whiteouts: string[] = [];
  readonly #opaques: string[] = [];
  readonly #links: [string, string][] = [];
  readonly #touchedFiles: number[] = [];
  readonly #touchedDirectories: number[] = [];
  readonly #executables = new Set<string>();
  readonly #examined = new Set<string>();
  readonly #facts: LayerFacts = { databases: [], linker: [], elf: [] };
  readonly #undecided: Undecided[] = [];
  #packages = 0;
  #passed = 0;
  #current: { wanted: Extractor[]; collector: FileCollector } | null = null;

  constructor(extractors: readonly Extractor[], limits: Limits, spool: Spool) {
    this.#extractors = extractors;
    this.#limits = limits;
    this.#spool = spool;
  }

  entry(entry: TarEntry, head: Buffer): boolean {
    const { path, type } = entry;
    if (path === '' || this.#isWhiteout(path)) return false;
    this.note(entry);
    if (type === 'hardlink') this.#hardLink(entry);
    if (type !== 'file' || entry.size === 0) return false;
    const wanted = this.readersOf(new Entry(path, entry.size, entry.mode, head));
    if (wanted.length === 0) return false;
    if (entry.sparse) {
      this.#passedBy(path, 'is stored sparse, which is not read');
      return false;
    }
    const named = { path, size: entry.size, mode: entry.mode, head: Buffer.from(head) };
    this.#current = {
      wanted,
      collector: new FileCollector(named, this.#spool, this.#limits.memoryFileBytes),
    };
    return true;
  }

  /** Takes an entry's name down, whatever it is. */
  note({ path, type, linkname }: Pick<TarEntry, 'path' | 'type' | 'linkname'>): void {
    this.#touch(path, type === 'directory');
    // A path that comes twice in one layer: the last one stands.
    this.#files.delete(path);
    this.#executables.delete(path);
    this.#examined.delete(path);
    if (type === 'symlink' && depthOf(path) <= 3) this.#links.push([path, linkname]);
  }

  data(piece: Buffer): void {
    this.#current!.collector.add(piece);
  }

  end(): void {
    const { wanted, collector } = this.#current!;
    this.#current = null;
    const file = collector.finish();
    try {
      this.examine(file, wanted);
    } finally {
      file.close();
    }
  }

  /** Drops what a broken stream left half-read. */
  abandon(): void {
    this.#current?.collector.abandon();
    this.#current = null;
  }

  /** The extractors that want a file; exposed for root file systems, which read only wanted files. */
  wantedBy(entry: Entry): Extractor[] {
    return this.#extractors.filter((extractor) => extractor.wants(entry));
  }

  /** The extractors that will read a file; of one that is too large to look into none, which is named. */
  readersOf(entry: Entry): Extractor[] {
    const wanted = this.wantedBy(entry);
    const most = this.#limits.examinedBytes;
    if (wanted.length === 0 || entry.size <= most) return wanted;
    this.#undecided.push(
      undecided(
        'limit-reached',
        `${entry.path}: expected at most ${most} bytes to look into, got ${entry.size}`,
        {
          subject: entry.path,
        },
      ),
    );
    return [];
  }

  /** Runs the extractors on one file and keeps what they find. */
  examine(file: OpenFile, wanted: readonly Extractor[]): void {
    const result: FileResult = { path: file.path, by: [], packages: [], owned: [] };
    this.#examined.add(file.path);
    for (const extractor of wanted) this.#extract(file, extractor, result);
    if (
      result.packages.length > 0 ||
      result.osRelease ||
      result.owned.length > 0 ||
      isPackageDatabase(file.path)
    )
      this.#files.set(file.path, result);
  }

  addUndecided(entry: Undecided): void {
    this.#undecided.push(entry);
  }

  result(read: Pick<LayerResult, 'digest' | 'diffId' | 'size' | 'bytes' | 'entries'>): LayerResult {
    return {
      ...read,
      files: [...this.#files.values()],
      whiteouts: this.#whiteouts,
      opaques: this.#opaques,
      links: this.#links,
      touchedFiles: PathSet.sorted(this.#touchedFiles),
      touchedDirectories: PathSet.sorted(this.#touchedDirectories),
      executables: [...this.#executables],
      facts: this.#facts,
      undecided: this.#undecided,
    };
  }

  #isWhiteout(path: string): boolean {
    const slash = path.lastIndexOf('/');
    if (!path.startsWith(WHITEOUT, slash + 1)) return false;
    const directory = slash < 0 ? '' : path.slice(0, slash);
    const name = path.slice(slash + 1);
    if (name === OPAQUE) this.#opaques.push(directory);
    // The other `.wh..wh.` names are aufs' own bookkeeping.
    else if (!name.startsWith('.wh..wh.') && name.length > WHITEOUT.length) {
      const removed = directory === '' ? name.slice(4) : `${directory}/${name.slice(4)}`;
      this.#whiteouts.push(removed);
      if (isPackageDatabase(removed)) this.#facts.databases.push(removed);
      if (isLinkerPath(removed)) this.#facts.linker.push(removed);
    }
    return true;
  }

  /** Another name of a file that came before it in this layer; its bytes have gone by. */
  #hardLink({ path, mode, linkname }: TarEntry): void {
    const target = cleanPath(linkname);
    if (target === path) return;
    if (this.#executables.has(target)) this.#executables.add(path);
    const known = this.#files.get(target);
    if (known !== undefined) {
      this.#packages += known.packages.length;
      this.#checkPackages();
      this.#files.set(path, { ...known, path });
    }
    if (this.#examined.has(target)) this.#examined.add(path);
    else if (this.wantedBy(new Entry(path, 1, mode, nothing)).length > 0)
      this.#passedBy(path, `is another name of ${target}, which was not read`);
  }

  /** One entry for a layer: hostile ones have millions. */
  #passedBy(path: string, why: string): void {
    if (this.#passed++ > 0) return;
    this.#undecided.push(undecided('package-database-unreadable', `${path} ${why}`, { subject: path }));
  }

  #touch(path: string, directory: boolean): void {
    (directory ? this.#touchedDirectories : this.#touchedFiles).push(pathHash(path));
    if (directory) return;
    if (isPackageDatabase(path)) this.#facts.databases.push(path);
    if (isLinkerPath(path)) this.#facts.linker.push(path);
  }

  #extract(file: OpenFile, extractor: Extractor, into: FileResult): void {
    try {
      const found = extractor.extract(file, { limits: this.#limits });
      into.by.push(extractor.name);
      for (const item of found.packages ?? []) into.packages.push(item);
      this.#packages += found.packages?.length ?? 0;
      if (found.osRelease) into.osRelease = found.osRelease;
      for (const { owner, paths } of found.owned ?? [])
        into.owned.push({
          owner,
          hashes: PathSet.sorted(paths.map((path) => pathHash(canonicalPath(path)))),
        });
      if (found.elf) this.#addElf(file, found.elf);
      this.#undecided.push(...(found.undecided ?? []));
    } catch (error) {
      if (!isFault(error)) throw error;
      const code = error.code === 'limit-reached' ? 'limit-reached' : 'package-database-unreadable';
      this.#undecided.push(
        undecided(code, `${file.path} (${extractor.name}): ${error.message}`, { subject: file.path }),
      );
      into.by.push(extractor.name);
    }
    this.#checkPackages();
  }

  #checkPackages(): void {
    if (this.#packages > this.#limits.packages)
      throw new PackagesLimit(`expected at most ${this.#limits.packages} packages, got more`);
  }

  #addElf(file: OpenFile, elf: NonNullable<ReturnType<Extractor['extract']>['elf']>): void {
    if (elf.soname !== undefined || elf.needed.length > 0) this.#facts.elf.push({ path: file.path, ...elf });
    const library = elf.soname !== undefined && elf.interpreter === undefined;
    if ((file.mode & 0o111) !== 0 && !library) this.#executables.add(file.path);
  }
}

/** Thrown past the bound of packages; the layer's reading ends there, named. */
export class PackagesLimit extends Error {}

function depthOf(path: string): number {
  let depth = 1;
  for (let i = 0; i < path.length; i++) if (path.charCodeAt(i) === 0x2f) depth++;
  return depth;
}
