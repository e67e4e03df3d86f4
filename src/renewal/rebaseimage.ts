// Rebases an image of a registry, every platform of it, where it is proven safe; else says for which it is not and why.
import { defaultLimits, type Home, type Limits } from '../core/index.ts';
import type { Descriptor, ImageIndex } from '../image/index.ts';
import { inspectLayers, type LayeredImage } from '../scan/index.ts';
import type { LayerResult } from '../scan/inventory/index.ts';
import type { PackageChanges } from '../scan/match/index.ts';
import type { ResultStore } from '../store/index.ts';
import { pushManifest, streamBlob } from '../transport/index.ts';
import {
  baseChanges,
  type Conflict,
  failedProof,
  hindrances,
  isProven,
  type Proof,
  proveRebase,
  type RebaseBase,
  type RebasedPlatform,
  RebaseFault,
  rebaseConfig,
  rebaseIndex,
  rebaseManifest,
  unproven,
} from './rebase/index.ts';
import {
  Documents,
  imageEntries,
  type Kept,
  type Located,
  type PlatformImage,
  type Root,
} from './rebasebases.ts';
import { bringBlobs, type Moved, type Place, pushConfig } from './rebasepush.ts';

export interface RebaserOptions {
  home: Home;
  /** Where results of layers are kept. */
  results: ResultStore;
  limits?: Limits;
  /** Bases that their registry no longer has. */
  kept?: Kept;
  /** Threads that read layers nobody has read yet. */
  threads?: number;
}

export interface RebaseRequest {
  app: Located;
  oldBase: Located;
  /** `name`: `HOST/REPOSITORY[:TAG]`, what the image will say of its base. */
  newBase: Located & { name: string };
  to: Place & { stagingTag: string };
  /** The policy permits what is proven though the author said nothing. */
  permitted?: boolean;
  /** Whether provenance that is believed says of a manifest that all above its base (index, manifest) was made by COPY --link. */
  isLinked?: (platformDigest: string, base: readonly string[]) => Promise<boolean>;
  signal?: AbortSignal;
}

export interface PlatformRebase {
  /** `linux/amd64`. */
  platform: string;
  proofs: Proof[];
  oldDigest: string;
  /** Absent: not proven, or another platform was not. */
  newDigest?: string;
  /** Fields that both the image and the new base changed. */
  conflicts: Conflict[];
  /** Between both bases; absent where one was not there. */
  changes?: PackageChanges;
}

export interface RebaseResult {
  /** What the staging tag stands for now; absent when something was not proven: nothing was pushed then. */
  digest?: string;
  mediaType?: string;
  platforms: PlatformRebase[];
  /** The first failed proof, a sentence: what a plan says. */
  unproven?: string;
  /** Digests of attestations in the old index: they speak of the old image, and are left out. */
  dropped: string[];
  mounted: number;
  copied: number;
}

export interface Rebaser {
  /** Throws RebaseFault, RemoteFault, ImageFault, NetFault. The same request gives the same digest. */
  rebase(request: RebaseRequest): Promise<RebaseResult>;
}

/** One for many images: what is known of a base is read once. */
export function createRebaser(options: RebaserOptions): Rebaser {
  const documents = new Documents(options.kept ?? (async () => undefined), options.limits ?? defaultLimits);
  return { rebase: (request) => rebaseImage(request, documents, options) };
}

async function rebaseImage(
  request: RebaseRequest,
  documents: Documents,
  options: RebaserOptions,
): Promise<RebaseResult> {
  const root = await documents.root(request.app, false);
  const isIndex = root.manifest.kind === 'index';
  const entries = platformsOf(root, request.app.digest);
  const dropped =
    root.manifest.kind === 'index'
      ? root.manifest.manifests.map(({ digest }) => digest).filter((digest) => !entries.includes(digest))
      : [];
  const judged: Judged[] = [];
  for (const digest of entries) {
    const app = await documents.image({ ...request.app, digest }, false, isIndex ? undefined : root);
    judged.push(await judge(app, request, documents, options));
  }
  const moved: Moved = { mounted: 0, copied: 0 };
  const failed = judged.find(({ result }) => !isProven(result.proofs));
  if (failed !== undefined) {
    const { platform, proofs } = failed.result;
    const proof = failedProof(proofs);
    const text = proof === undefined ? 'a proof is missing' : `${proof.name}: ${proof.text}`;
    const platforms = judged.map(({ result }) => result);
    return { platforms, unproven: entries.length > 1 ? `${platform}: ${text}` : text, dropped, ...moved };
  }
  const { to } = request;
  const made: RebasedPlatform[] = [];
  for (const one of judged) made.push(await push(one, request, isIndex ? undefined : to.stagingTag, moved));
  const platforms = judged.map(({ result }, at) => ({ ...result, newDigest: made[at]!.digest }));
  if (root.manifest.kind === 'manifest')
    return { digest: made[0]!.digest, mediaType: root.manifest.mediaType, platforms, dropped, ...moved };
  const { name, digest } = request.newBase;
  const index = rebaseIndex({ manifest: root.manifest, document: root.document }, made, { name, digest });
  await pushManifest(to.registry, to.repository, to.stagingTag, index.bytes, index.mediaType);
  return { digest: index.digest, mediaType: index.mediaType, platforms, dropped, ...moved };
}

function platformsOf({ manifest }: Root, digest: string): string[] {
  if (manifest.kind === 'manifest') return [digest];
  const found = [...new Set(imageEntries((manifest as ImageIndex).manifests).map((entry) => entry.digest))];
  if (found.length === 0)
    throw new RebaseFault(
      'rebase-unsupported',
      `expected an index of images at ${digest}, got one without any`,
    );
  return found;
}

interface Judged {
  result: PlatformRebase;
  app: PlatformImage;
  /** Present when everything was there to be judged. */
  bases?: { oldBase: RebaseBase & PlatformImage; newBase: RebaseBase & PlatformImage };
}

async function judge(
  app: PlatformImage,
  request: RebaseRequest,
  documents: Documents,
  options: RebaserOptions,
): Promise<Judged> {
  const { platform, digest } = app;
  const without = (proofs: Proof[]): Judged => ({
    app,
    result: { platform, proofs, oldDigest: digest, conflicts: [] },
  });
  const old = await documents.baseFor(request.oldBase, platform);
  if (old === undefined) return without(unproven(`the old base has no ${platform}`));
  const next = await documents.baseFor(request.newBase, platform);
  if (next === undefined) return without(unproven(`the new base has no ${platform}`));
  const inTheWay = hindrances({ app, oldBase: old, newBase: next });
  if (inTheWay.length > 0) return without(inTheWay);
  const count = old.config.diffIds.length;
  const read = (image: PlatformImage, from: Located, start: number, end?: number): Promise<LayerResult[]> =>
    readLayers(image, from, start, end, request, options);
  // the image has its base's layers: they are read there, for the base itself may be gone
  const oldBase = await documents.viewed(old, () => read(app, request.app, 0, count));
  const newBase = await documents.viewed(next, () =>
    read(next, { ...request.newBase, digest: next.digest }, 0),
  );
  const upper = await read(app, request.app, count);
  const input = {
    app: { ...app, upper },
    oldBase,
    newBase,
    ...(request.permitted === undefined ? {} : { permitted: request.permitted }),
  };
  let proofs = proveRebase(input);
  if (!isProven(proofs) && (await request.isLinked?.(digest, [request.oldBase.digest, old.digest])) === true)
    proofs = proveRebase({ ...input, linked: true });
  const changes = baseChanges(oldBase.view, newBase.view);
  return {
    app,
    bases: { oldBase, newBase },
    result: { platform, proofs, oldDigest: digest, conflicts: [], changes },
  };
}

/** What is known of some layers of an image, read from its registry where nobody read them before. */
async function readLayers(
  image: PlatformImage,
  { registry, repository }: Located,
  start: number,
  end: number | undefined,
  request: RebaseRequest,
  options: RebaserOptions,
): Promise<LayerResult[]> {
  const layered: LayeredImage = {
    config: { diffIds: image.config.diffIds.slice(start, end) },
    layers: image.manifest.layers.slice(start, end).map((layer: Descriptor) => ({
      digest: layer.digest,
      mediaType: layer.mediaType,
      size: layer.size,
      source: {
        kind: 'stream' as const,
        open: (signal?: AbortSignal) =>
          streamBlob(registry, repository, layer, {
            check: false,
            ...(signal === undefined ? {} : { signal }),
          }),
      },
    })),
  };
  const { layers } = await inspectLayers(layered, {
    home: options.home,
    results: options.results,
    limits: options.limits ?? defaultLimits,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  return layers;
}

async function push(
  { app, bases, result }: Judged,
  { app: source, newBase, to }: RebaseRequest,
  tag: string | undefined,
  moved: Moved,
): Promise<RebasedPlatform> {
  const { oldBase, newBase: base } = bases!;
  const names = { name: newBase.name, digest: base.digest };
  const config = rebaseConfig(app, oldBase, base, names);
  result.conflicts = config.conflicts;
  const manifest = rebaseManifest(app, oldBase, base, config, names);
  await bringBlobs(manifest.below, newBase, to, moved);
  await bringBlobs(manifest.above, source, to, moved);
  await pushConfig(to, config.digest, config.bytes);
  await pushManifest(to.registry, to.repository, tag ?? manifest.digest, manifest.bytes, manifest.mediaType);
  return { oldDigest: app.digest, digest: manifest.digest, size: manifest.bytes.length };
}
