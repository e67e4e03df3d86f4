// Bases as a rebase needs them, read once for each base, however many images stand on it.
import { type Limits, parseJson } from '../core/index.ts';
import {
  type Descriptor,
  formatPlatform,
  type ImageManifest,
  type JsonObject,
  type Manifest,
  normalizePlatform,
  parseConfig,
  parseManifest,
} from '../image/index.ts';
import type { LayerResult } from '../scan/inventory/index.ts';
import { fetchBlob, fetchManifest, type Registry, RemoteFault } from '../transport/index.ts';
import { type RebaseBase, RebaseFault, type RebaseImage, viewBase } from './rebase/index.ts';

/** An image by digest, where it lies. */
export interface Located {
  registry: Registry;
  repository: string;
  /** Of its manifest or index. */
  digest: string;
}

/** Bytes of manifests and configs of bases that their registry no longer has; undefined where nobody kept them. */
export type Kept = (digest: string) => Promise<Buffer | undefined>;

export interface PlatformImage extends RebaseImage {
  digest: string;
  /** `linux/arm/v7`, normalised, as its config says. */
  platform: string;
}

export interface Root {
  manifest: Manifest;
  document: JsonObject;
}

const keptBases = 64;

/** Reads documents of images; those of bases are remembered. */
export class Documents {
  readonly #kept: Kept;
  readonly #limits: Limits;
  readonly #bases = new Map<string, Promise<RebaseBase & PlatformImage>>();
  readonly #read = new Map<string, Promise<unknown>>();

  constructor(kept: Kept, limits: Limits) {
    this.#kept = kept;
    this.#limits = limits;
  }

  /** The manifest or index itself. Throws RebaseFault `base-gone` for a base that nobody has any more. */
  async root({ registry, repository, digest }: Located, isBase: boolean): Promise<Root> {
    const read = async () => {
      const bytes = await this.#bytes(
        isBase,
        digest,
        async () => (await fetchManifest(registry, repository, digest)).bytes,
      );
      return { manifest: parseManifest(bytes), document: parseJson(bytes.toString()) as JsonObject };
    };
    return isBase ? this.#once(`root ${registry.domain}/${repository}@${digest}`, read) : read();
  }

  /** The image of one manifest; `root` where it was read already. */
  async image(place: Located, isBase: boolean, root?: Root): Promise<PlatformImage> {
    const read = async (): Promise<PlatformImage> => {
      const { manifest, document } = root ?? (await this.root(place, isBase));
      const image = onlyImage(manifest, place.digest);
      const bytes = await this.#bytes(isBase, image.config.digest, () =>
        fetchBlob(place.registry, place.repository, image.config),
      );
      const config = parseConfig(bytes, this.#limits);
      return {
        digest: place.digest,
        platform: formatPlatform(config.platform),
        manifest: image,
        manifestDocument: document,
        config,
        configDocument: parseJson(bytes.toString()) as JsonObject,
      };
    };
    return isBase
      ? this.#once(`image ${place.registry.domain}/${place.repository}@${place.digest}`, read)
      : read();
  }

  /** The base's image for a platform; undefined when it has none. */
  async baseFor(base: Located, platform: string): Promise<PlatformImage | undefined> {
    const { manifest } = await this.root(base, true);
    if (manifest.kind === 'manifest') {
      const image = await this.image(base, true);
      return image.platform === platform ? image : undefined;
    }
    const entry = imageEntries(manifest.manifests).find(
      (one) => one.platform !== undefined && formatPlatform(normalizePlatform(one.platform)) === platform,
    );
    if (entry === undefined) return undefined;
    const image = await this.image({ ...base, digest: entry.digest }, true);
    return image.platform === platform ? image : undefined;
  }

  /** `layers` reads what is known of the base's layers, the first time. */
  async viewed(
    image: PlatformImage,
    layers: () => Promise<LayerResult[]>,
  ): Promise<RebaseBase & PlatformImage> {
    const known = this.#bases.get(image.digest);
    if (known !== undefined) return known;
    const made = layers().then((results) => ({ ...image, view: viewBase(results, image.config) }));
    remember(this.#bases, image.digest, made);
    return made;
  }

  #once<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.#read.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const made = read();
    remember(this.#read, key, made);
    return made;
  }

  async #bytes(isBase: boolean, digest: string, fetch: () => Promise<Buffer>): Promise<Buffer> {
    if (!isBase) return fetch();
    try {
      return await fetch();
    } catch (error) {
      if (!(error instanceof RemoteFault) || error.code !== 'image-not-found') throw error;
      const kept = await this.#kept(digest);
      if (kept !== undefined) return kept;
      throw new RebaseFault('base-gone', `expected the base ${digest} in its registry, got nothing there`, {
        cause: error,
        hint: 'Build the image again; a server keeps every base it has seen, so that a moved tag does no harm.',
      });
    }
  }
}

function remember<T>(into: Map<string, Promise<T>>, key: string, made: Promise<T>): void {
  const [oldest] = into.keys();
  if (into.size >= keptBases && oldest !== undefined) into.delete(oldest);
  into.set(key, made);
  // what failed is asked for again
  made.catch(() => into.delete(key));
}

function onlyImage(manifest: Manifest, digest: string): ImageManifest {
  if (manifest.kind === 'manifest') return manifest;
  throw new RebaseFault(
    'rebase-unsupported',
    `expected one image at ${digest}, got an index within an index`,
  );
}

/** Images of an index; builders hide attestations among them, for no platform. */
export function imageEntries(entries: readonly Descriptor[]): Descriptor[] {
  return entries.filter(
    ({ platform, annotations }) =>
      platform?.os !== 'unknown' && annotations?.['vnd.docker.reference.type'] === undefined,
  );
}
