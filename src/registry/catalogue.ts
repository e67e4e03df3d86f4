// What a registry knows: which repository has which blobs, manifests and tags, and what refers to what.

export interface StoredManifest {
  digest: string;
  mediaType: string;
  bytes: Buffer;
  /** Digest of the manifest this one is about. */
  subject?: string;
  artifactType?: string;
  annotations: Record<string, string>;
}

export interface Catalogue {
  /** Sorted by byte. */
  repositories(): Promise<string[]>;
  linkBlob(repository: string, digest: string): Promise<void>;
  hasBlob(repository: string, digest: string): Promise<boolean>;
  unlinkBlob(repository: string, digest: string): Promise<boolean>;
  /** Any repository that has the blob and that `may` allows to read from. */
  findBlob(digest: string, may: (repository: string) => Promise<boolean>): Promise<string | undefined>;
  putManifest(repository: string, manifest: StoredManifest, tags: readonly string[]): Promise<void>;
  manifest(repository: string, digest: string): Promise<StoredManifest | undefined>;
  /** Takes its tags with it. */
  deleteManifest(repository: string, digest: string): Promise<boolean>;
  tagged(repository: string, tag: string): Promise<string | undefined>;
  deleteTag(repository: string, tag: string): Promise<boolean>;
  /** Sorted by byte; undefined for a repository that never was. */
  tags(repository: string): Promise<string[] | undefined>;
  /** In the order they were pushed. */
  referrers(repository: string, digest: string): Promise<StoredManifest[]>;
}

interface Repository {
  blobs: Set<string>;
  manifests: Map<string, StoredManifest>;
  tags: Map<string, string>;
}

export function memoryCatalogue(): Catalogue {
  const repositories = new Map<string, Repository>();
  const made = (name: string): Repository => {
    let repository = repositories.get(name);
    if (repository === undefined) {
      repository = { blobs: new Set(), manifests: new Map(), tags: new Map() };
      repositories.set(name, repository);
    }
    return repository;
  };
  return {
    repositories: async () => [...repositories.keys()].sort(),
    async linkBlob(name, digest) {
      made(name).blobs.add(digest);
    },
    hasBlob: async (name, digest) => repositories.get(name)?.blobs.has(digest) ?? false,
    unlinkBlob: async (name, digest) => repositories.get(name)?.blobs.delete(digest) ?? false,
    async findBlob(digest, may) {
      for (const [name, { blobs }] of repositories) if (blobs.has(digest) && (await may(name))) return name;
      return undefined;
    },
    async putManifest(name, manifest, tags) {
      const repository = made(name);
      repository.manifests.set(manifest.digest, manifest);
      for (const tag of tags) repository.tags.set(tag, manifest.digest);
    },
    manifest: async (name, digest) => repositories.get(name)?.manifests.get(digest),
    async deleteManifest(name, digest) {
      const repository = repositories.get(name);
      if (repository === undefined || !repository.manifests.delete(digest)) return false;
      for (const [tag, tagged] of repository.tags) if (tagged === digest) repository.tags.delete(tag);
      return true;
    },
    tagged: async (name, tag) => repositories.get(name)?.tags.get(tag),
    deleteTag: async (name, tag) => repositories.get(name)?.tags.delete(tag) ?? false,
    async tags(name) {
      const repository = repositories.get(name);
      return repository === undefined ? undefined : [...repository.tags.keys()].sort();
    },
    async referrers(name, digest) {
      const all = repositories.get(name)?.manifests.values() ?? [];
      return [...all].filter(({ subject }) => subject === digest);
    },
  };
}
