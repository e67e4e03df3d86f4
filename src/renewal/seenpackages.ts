// Packages of the images that were looked into last: each is looked into for its findings, and asked for those later.
import type { ScanResult } from '../scan/index.ts';
import type { PlatformPackages } from './packagediff.ts';

const most = 32;

export class SeenPackages {
  readonly #seen = new Map<string, PlatformPackages[]>();

  keep(digest: string, results: readonly ScanResult[]): void {
    this.#seen.delete(digest);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size >= most && oldest !== undefined) this.#seen.delete(oldest);
    this.#seen.set(
      digest,
      results.map(({ target, packages }) => ({ platform: target.platform ?? '', packages })),
    );
  }

  of(digest: string): PlatformPackages[] | undefined {
    return this.#seen.get(digest);
  }
}
