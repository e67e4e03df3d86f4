// The facts of one image for one policy: only what its rules want is listed, fetched and verified, side by side.

import { isFault } from '../core/index.ts';
import {
  baseLayers,
  claimedBase,
  formatPlatform,
  type ImageConfig,
  parseConfig,
  parsePlatform,
} from '../image/index.ts';
import type { ScanResult } from '../scan/index.ts';
import { fetchBlob, TransportFault } from '../transport/index.ts';
import { type Answers, type AnswersOptions, answersFor } from './answers.ts';
import {
  type PlaceOptions,
  type PlatformEntry,
  pinned,
  platformsOf,
  type ResolvedImage,
  resolveDigest,
  resolveImage,
} from './place.ts';
import type { BaseFacts, ImageFacts, ManifestFacts, Needs } from './policy/index.ts';

export interface SurveyRequest {
  image: ResolvedImage;
  needs: Needs;
  labels: Readonly<Record<string, string>>;
  /** `linux/amd64`: those that will run; all when left out. */
  platforms?: readonly string[];
  scanFiles?: readonly ScanResult[];
}

export interface Survey {
  facts: ImageFacts;
  /** Digests of the manifests that carried evidence, sorted. */
  evidence: string[];
}

/** Throws TransportFault `platform-missing`; RemoteFault where the image itself cannot be read. */
export async function survey(
  request: SurveyRequest,
  place: PlaceOptions,
  options: AnswersOptions,
): Promise<Survey> {
  const { image, needs, labels, scanFiles = [] } = request;
  const isIndex = image.manifest.kind === 'index';
  const entries = platformsOf(image);
  const selected = select(entries, request);
  const read = needs.platforms === 'all' ? entries : selected;
  const surveyor = new Surveyor(place, options, needs, scanFiles);
  const [index, ...platforms] = await Promise.all([
    isIndex && needs.index ? surveyor.evidenceOf(image) : undefined,
    ...read.map((entry) => surveyor.platform(image, entry, !isIndex || needs.platforms !== 'none')),
  ]);
  const facts: ImageFacts = {
    reference: image.reference,
    given: image.given,
    digest: image.digest,
    mediaType: image.mediaType,
    labels,
    ...(index === undefined
      ? {}
      : { index: { digest: image.digest, answers: index.answers, unlisted: index.unlisted } }),
    platforms: platforms as ManifestFacts[],
    ...(selected.length === entries.length ? {} : { selected: selected.map(({ digest }) => digest) }),
    ...(read.length === entries.length
      ? {}
      : { incomplete: `${read.length} of ${entries.length} platforms were read` }),
  };
  return { facts, evidence: [...new Set([...(index?.evidence ?? []), ...surveyor.evidence])].sort() };
}

function select(entries: readonly PlatformEntry[], { image, platforms }: SurveyRequest): PlatformEntry[] {
  if (platforms === undefined || image.manifest.kind === 'manifest') return [...entries];
  return platforms.map((text) => {
    const wanted = formatPlatform(parsePlatform(text));
    const entry = entries.find(({ platform }) => platform === wanted);
    if (entry !== undefined) return entry;
    const known = entries.map(({ platform }) => platform ?? 'unknown').join(', ');
    throw new TransportFault('platform-missing', `expected ${pinned(image)} to have ${wanted}, got ${known}`);
  });
}

class Surveyor {
  readonly evidence: string[] = [];
  readonly #place: PlaceOptions;
  readonly #options: AnswersOptions;
  readonly #needs: Needs;
  readonly #scanFiles: readonly ScanResult[];

  constructor(place: PlaceOptions, options: AnswersOptions, needs: Needs, scanFiles: readonly ScanResult[]) {
    this.#place = place;
    this.#options = options;
    this.#needs = needs;
    this.#scanFiles = scanFiles;
  }

  async evidenceOf(image: ResolvedImage): Promise<Answers> {
    const { authorities, formats, predicateTypes } = this.#needs;
    return answersFor(image, { authorities, formats, predicateTypes }, this.#options);
  }

  async platform(image: ResolvedImage, entry: PlatformEntry, wantsEvidence: boolean): Promise<ManifestFacts> {
    const nothing = { answers: [], unlisted: [] };
    const scanFiles = this.#scanFiles.filter(({ target }) => target.digest === entry.digest);
    const files = scanFiles.length === 0 ? {} : { scanFiles };
    const known = {
      digest: entry.digest,
      ...(entry.platform === undefined ? {} : { platform: entry.platform }),
      ...files,
    };
    if (!wantsEvidence && !this.#needs.config) return { ...known, ...nothing };
    const one = await resolveDigest(image, entry.digest);
    const [found, config] = await Promise.all([
      wantsEvidence ? this.evidenceOf(one) : undefined,
      this.#needs.config ? this.#configOf(one) : undefined,
    ]);
    this.evidence.push(...(found?.evidence ?? []));
    return {
      ...known,
      ...(typeof config === 'string' ? { configProblem: config } : {}),
      ...(typeof config === 'object'
        ? { platform: entry.platform ?? formatPlatform(config.platform), ...createdOf(config) }
        : {}),
      ...(typeof config === 'object' && this.#needs.base !== undefined ? await this.#base(one, config) : {}),
      answers: found?.answers ?? [],
      unlisted: found?.unlisted ?? [],
    };
  }

  /** Or why there is none: what cannot be read is undecided, and takes nothing from the other rules. */
  async #configOf(image: ResolvedImage): Promise<ImageConfig | string | undefined> {
    try {
      return await this.#config(image);
    } catch (error) {
      if (isFault(error)) return error.message;
      throw error;
    }
  }

  async #config({ place, manifest }: ResolvedImage): Promise<ImageConfig | undefined> {
    if (manifest.kind !== 'manifest') return undefined;
    return parseConfig(await fetchBlob(place.registry, place.repository, manifest.config));
  }

  /** Only a base whose layers are a true prefix of the image's is one; a mere claim leaves it unknown. */
  async #base(image: ResolvedImage, config: ImageConfig): Promise<{ base?: BaseFacts }> {
    const name = claimedBase(image.manifest.annotations, config.labels);
    if (name === undefined) return {};
    try {
      const base = await resolveImage(name, { ...this.#place, http: this.#options.http });
      const wanted = formatPlatform(config.platform);
      const entry = platformsOf(base).find(({ platform }) => platform === undefined || platform === wanted);
      if (entry === undefined) return {};
      const one = await resolveDigest(base, entry.digest);
      const its = await this.#config(one);
      if (its === undefined || baseLayers(config.diffIds, its.diffIds) === undefined) return {};
      const authorities = this.#needs.base?.authorities ?? [];
      const formats = ['cosign', 'bundle', 'notation'] as const;
      const found =
        authorities.length === 0
          ? undefined
          : await answersFor(base, { authorities, formats, predicateTypes: [] }, this.#options);
      const since = createdOf(its).created;
      return {
        base: {
          name,
          digest: base.digest,
          ...(since === undefined ? {} : { since }),
          ...(found === undefined ? {} : { answers: found.answers, unlisted: found.unlisted }),
        },
      };
    } catch (error) {
      // a base that cannot be read is not known; the rule says so
      if (isFault(error)) return {};
      throw error;
    }
  }
}

function createdOf({ created }: ImageConfig): { created?: number } {
  const at = created === undefined ? Number.NaN : Date.parse(created);
  return Number.isNaN(at) ? {} : { created: at };
}
