// What one image consists of: the packages found in it, each with its evidence.
import type { Undecided } from '../../core/index.ts';
import type { OsRelease } from '../package/index.ts';

/** Who brought something into an image; `base` only when the base's diffIDs are a true prefix. */
export type IntroducedBy = 'base' | 'app' | 'unknown';

/** purl types that are OS package databases. */
export type OsPackageType = 'deb' | 'apk' | 'rpm';

/** A package as one extractor reads it, before it is known which image it is in. */
export interface FoundPackage {
  /** purl type: deb, apk, rpm, npm, pypi, maven, golang, cargo, nuget, … */
  type: string;
  /** npm scope with its @, Maven groupId; never set for OS packages, whose namespace is the distribution. */
  namespace?: string;
  /** As the ecosystem writes it, except PyPI: normalised by PEP 503. Go: the whole module path. */
  name: string;
  /** Full version as its order wants it; rpm: `[epoch:]version-release` with the epoch left out when 0. */
  version: string;
  arch?: string;
  /** OS packages: the source package; `version` is the source's version (rpm: with the binary's epoch). */
  source?: { name: string; version: string };
  /** rpm: Modularitylabel, `name:stream:version:context[:arch]`. */
  modularity?: string;
  /** rpm: Vendor. */
  vendor?: string;
  /** deb: Maintainer. */
  maintainer?: string;
  /** Go: the main module of the binary, whose version a build often does not know. */
  main?: true;
  /** Languages: for Java the path inside the archive, `outer.jar!/inner.jar!/META-INF/…`. */
  inside?: string;
}

/** Files an OS package owns, as absolute paths without the leading slash. */
export interface OwnedFiles {
  /** Name of the owning package, for dpkg's per-package lists `name` or `name:arch`. */
  owner: string;
  paths: string[];
}

/** What an ELF file needs and provides, kept for renewal. */
export interface ElfFacts {
  soname?: string;
  needed: string[];
  /** DT_RUNPATH or DT_RPATH. */
  runpath?: string;
  interpreter?: string;
}

/** What one extractor finds in one file. */
export interface Extraction {
  packages?: FoundPackage[];
  osRelease?: OsRelease;
  owned?: OwnedFiles[];
  elf?: ElfFacts;
  undecided?: Undecided[];
}

/** A package of one image. */
export interface Package extends FoundPackage {
  purl: string;
  /** Path of the evidence inside the image, without a leading slash; Java: `outer.jar!/inner.jar`. */
  location: string;
  /** diffID of the layer that brought it; absent for root file systems and SBOMs that do not say. */
  layer?: string;
  introducedBy: IntroducedBy;
  /** Language packages: the OS package that owns the evidence. */
  ownedBy?: OsOwner;
}

export interface OsOwner {
  type: OsPackageType;
  name: string;
  version: string;
  vendor?: string;
  maintainer?: string;
}

/** An executable known by name that no package explains. */
export interface UnattributedExecutable {
  path: string;
  /** What it is known as: node, java, python, nginx, … */
  name: string;
  layer?: string;
}

export interface Inventory {
  osRelease?: OsRelease;
  packages: Package[];
  unattributed: UnattributedExecutable[];
  /** Executables that no package owns, the known ones included. */
  unownedExecutables: number;
  undecided: Undecided[];
}
