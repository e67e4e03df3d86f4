// What digests named a moment ago: small documents, whose bytes were hashed when they came.
import type { Clock } from '../../core/index.ts';
import type { Manifest } from '../../image/index.ts';

export interface FetchedManifest {
  bytes: Buffer;
  digest: string;
  mediaType: string;
  manifest: Manifest;
}

interface Kept {
  at: number;
  size: number;
  document: FetchedManifest | Buffer;
}

/** Bytes of all that is kept, and of one that is. */
const mostBytes = 8 << 20;
const mostOfOne = 256 << 10;
/** Ms: a registry deletes what nothing refers to, and is to be believed about it before long. */
const keptFor = 300_000;

/** By the place it was read from: what one repository gives says nothing of who may read it in another. */
export class Documents {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  manifest(domain: string, repository: string, digest: string): FetchedManifest | undefined {
    return this.#of(keyOf('manifest', domain, repository, digest)) as FetchedManifest | undefined;
  }

  blob(domain: string, repository: string, digest: string): Buffer | undefined {
    return this.#of(keyOf('blob', domain, repository, digest)) as Buffer | undefined;
  }

  keepManifest(domain: string, repository: string, fetched: FetchedManifest): void {
    // as bytes and as what they say
    this.#keep(keyOf('manifest', domain, repository, fetched.digest), fetched, 2 * fetched.bytes.length);
  }

  keepBlob(domain: string, repository: string, digest: string, bytes: Buffer): void {
    this.#keep(keyOf('blob', domain, repository, digest), bytes, bytes.length);
  }

  #of(key: string): FetchedManifest | Buffer | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    if (this.#clock.now().getTime() - found.at < keptFor) return found.document;
    this.#drop(key);
    return undefined;
  }

  #keep(key: string, document: FetchedManifest | Buffer, size: number): void {
    if (size > mostOfOne) return;
    this.#drop(key);
    this.#kept.set(key, { at: this.#clock.now().getTime(), size, document });
    this.#bytes += size;
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= mostBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.size ?? 0;
    this.#kept.delete(key);
  }
}

function keyOf(kind: 'manifest' | 'blob', domain: string, repository: string, digest: string): string {
  return [kind, domain, repository, digest].join(' ');
}
