// Which OS package owns a file: the lists of dpkg, apk and rpm, looked up by path.
import type { FoundPackage, OsOwner, OsPackageType } from './inventory.ts';
import { canonicalPath, pathHash } from './paths.ts';
import type { SquashedFile } from './squash.ts';

/** Looks owners up among the databases that were chosen for the image. */
export class Owners {
  readonly #byHash = new Map<number, string>();
  readonly #packages = new Map<string, FoundPackage>();

  constructor(files: readonly SquashedFile[]) {
    for (const { result } of files) {
      for (const found of result.packages) {
        if (found.type !== 'deb' && found.type !== 'apk' && found.type !== 'rpm') continue;
        this.#packages.set(found.name, found);
        if (found.arch) this.#packages.set(`${found.name}:${found.arch}`, found);
      }
    }
    for (const { result } of files)
      for (const { owner, hashes } of result.owned)
        if (this.#packages.has(owner)) for (const hash of hashes) this.#byHash.set(hash, owner);
  }

  owns(path: string): boolean {
    return this.#byHash.has(pathHash(canonicalPath(path)));
  }

  of(path: string): OsOwner | undefined {
    const owner = this.#byHash.get(pathHash(canonicalPath(path)));
    const found = owner === undefined ? undefined : this.#packages.get(owner);
    if (found === undefined) return undefined;
    return {
      type: found.type as OsPackageType,
      name: found.name,
      version: found.version,
      ...(found.vendor ? { vendor: found.vendor } : {}),
      ...(found.maintainer ? { maintainer: found.maintainer } : {}),
    };
  }
}
