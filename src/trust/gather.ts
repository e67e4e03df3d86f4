// Lists and fetches the evidence that lies beside an image, in every format asked for, side by side and bounded.
// Nothing is believed here but digests.
import { defaultLimits, isFault, type Limits } from '../core/index.ts';
import { type Descriptor, type ImageManifest, mediaTypes, parseDigest } from '../image/index.ts';
import {
  fetchBlob,
  fetchManifest,
  findManifest,
  listFallback,
  listReferrers,
  type Registry,
  RemoteFault,
} from '../transport/index.ts';
import type { Evidence, Format } from './evidence/index.ts';
import { envelopeTypes, signatureArtifactType } from './notation/index.ts';
import type { Unlisted } from './policy/index.ts';
import {
  bundleType,
  cosignSignPredicate,
  envelopeType,
  predicateHint,
  simpleSigningType,
} from './sigstore/index.ts';

export interface GatherOptions {
  /** Formats of image signatures. */
  formats: readonly Format[];
  /** Predicate types of attestations; empty: none are wanted. `*` is any. */
  predicateTypes: readonly string[];
  limits?: Pick<Limits, 'signatures' | 'signatureBytes' | 'evidenceBytes'>;
}

export interface Gathered {
  evidence: Evidence[];
  unlisted: Unlisted[];
}

/** The place that is asked: one repository of one registry. */
export interface Place {
  registry: Registry;
  repository: string;
}

/** Evidence about one manifest or index. Faults of the registry become `unlisted`, never an empty list. */
export async function gather(place: Place, digest: string, options: GatherOptions): Promise<Gathered> {
  const collector = new Collector(place, digest, options);
  const wantsAttestations = options.predicateTypes.length > 0;
  const tasks: Promise<void>[] = [];
  if (options.formats.includes('cosign')) tasks.push(collector.byTag('sig', 'cosign'));
  if (wantsAttestations) tasks.push(collector.byTag('att', 'attestation'));
  if (wantsAttestations || options.formats.some((format) => format !== 'cosign'))
    tasks.push(collector.byReferrers());
  await Promise.all(tasks);
  return { evidence: collector.evidence, unlisted: collector.unlisted };
}

class Collector {
  readonly evidence: Evidence[] = [];
  readonly unlisted: Unlisted[] = [];
  readonly #place: Place;
  readonly #digest: string;
  readonly #options: GatherOptions;
  readonly #limits: NonNullable<GatherOptions['limits']>;
  #bytes = 0;

  constructor(place: Place, digest: string, options: GatherOptions) {
    this.#place = place;
    this.#digest = digest;
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
  }

  /** cosign's tags: one manifest, each layer a signature or attestation. */
  async byTag(suffix: 'sig' | 'att', as: Unlisted['format']): Promise<void> {
    await this.#attempt([as], async () => {
      const { registry, repository } = this.#place;
      const { algorithm, hex } = parseDigest(this.#digest);
      const found = await findManifest(registry, repository, `${algorithm}-${hex}.${suffix}`);
      if (found?.manifest.kind !== 'manifest') return;
      const { manifest, digest } = found;
      const wanted = suffix === 'sig' ? simpleSigningType : envelopeType;
      const layers = manifest.layers.filter(({ mediaType }) => mediaType === wanted);
      await this.#each([as], layers, (layer) => this.#fetch('cosign', as, digest, manifest, layer));
    });
  }

  /** Bundles and Notation signatures, which name the image as their subject. */
  async byReferrers(): Promise<void> {
    const { registry, repository } = this.#place;
    const formats = this.#referring();
    const listing = async () => {
      const entries = await listReferrers(registry, repository, this.#digest);
      const relevant = this.#relevant(entries);
      // a registry may have learnt the API after a client wrote the tag
      return relevant.length > 0
        ? relevant
        : this.#relevant(await listFallback(registry, repository, this.#digest));
    };
    let entries: Descriptor[];
    try {
      entries = await listing();
    } catch (error) {
      this.#failed(formats, error);
      return;
    }
    // an entry that says not what it is, or lies beyond the limit, may be of any format that is asked for
    await this.#each(formats, entries, (entry) => {
      const format = formatOf(entry);
      return this.#attempt(format === undefined ? formats : [format], () => this.#referrer(entry));
    });
  }

  #referring(): Unlisted['format'][] {
    const formats: Unlisted['format'][] = this.#options.formats.filter((format) => format !== 'cosign');
    return this.#options.predicateTypes.length > 0 ? [...formats, 'attestation'] : formats;
  }

  /** Older clients leave the artifact type out of the list: those entries are looked at one by one. */
  #relevant(entries: readonly Descriptor[]): Descriptor[] {
    const seen = new Set<string>();
    // where a registry deletes nothing, what is newest is what counts; the date is a hint, and beyond the limit
    // nothing is taken for absent
    const newest = entries.toSorted((a, b) => createdOf(b).localeCompare(createdOf(a)));
    return newest.filter((entry) => {
      if (seen.has(entry.digest)) return false;
      seen.add(entry.digest);
      const type = entry.artifactType;
      if (type === undefined || type === mediaTypes.ociEmpty) return true;
      if (type === signatureArtifactType) return this.#options.formats.includes('notation');
      return type === bundleType && this.#wantsBundle(entry.annotations);
    });
  }

  /** The hint is not trusted: a false one hides evidence, which never allows anything. */
  #wantsBundle(annotations: Readonly<Record<string, string>> | undefined): boolean {
    const hint = annotations?.[predicateHint];
    const { formats, predicateTypes } = this.#options;
    const signature = hint === undefined || hint === cosignSignPredicate;
    if (signature && formats.includes('bundle')) return true;
    return hint === undefined
      ? predicateTypes.length > 0
      : predicateTypes.includes('*') || predicateTypes.includes(hint);
  }

  async #referrer(entry: Descriptor): Promise<void> {
    const { registry, repository } = this.#place;
    const { manifest, digest } = await fetchManifest(registry, repository, entry.digest);
    // the list is the registry's word; the subject is in the bytes that the digest names
    if (manifest.kind !== 'manifest' || manifest.subject?.digest !== this.#digest) return;
    const type = manifest.artifactType ?? manifest.config.mediaType;
    const [layer] = manifest.layers;
    const format = type === signatureArtifactType ? 'notation' : type === bundleType ? 'bundle' : undefined;
    if (format === undefined || layer === undefined || manifest.layers.length !== 1) return;
    if (
      format === 'notation' &&
      (!this.#options.formats.includes(format) ||
        !Object.values<string>(envelopeTypes).includes(layer.mediaType))
    )
      return;
    if (format === 'bundle' && !this.#wantsBundle({ ...entry.annotations, ...manifest.annotations })) return;
    await this.#fetch(format, format, digest, manifest, layer);
  }

  async #fetch(
    format: Format,
    as: Unlisted['format'],
    manifestDigest: string,
    manifest: ImageManifest,
    layer: Descriptor,
  ): Promise<void> {
    const { registry, repository } = this.#place;
    await this.#attempt([as], async () => {
      this.#bytes += layer.size;
      if (this.#bytes > this.#limits.evidenceBytes)
        throw new RemoteFault(
          'registry-failed',
          `expected at most ${this.#limits.evidenceBytes} bytes of evidence for one image, got more`,
        );
      const payload = await fetchBlob(registry, repository, layer, this.#limits.signatureBytes);
      const annotations = { ...manifest.annotations, ...layer.annotations };
      this.evidence.push({
        format,
        manifest: manifestDigest,
        subject: this.#digest,
        mediaType: layer.mediaType,
        payload,
        annotations,
      });
    });
  }

  async #each<Item>(
    formats: readonly Unlisted['format'][],
    items: readonly Item[],
    work: (item: Item) => Promise<void>,
  ): Promise<void> {
    const queue = [...items].slice(0, this.#limits.signatures);
    const message = `expected at most ${this.#limits.signatures} of a format beside one image, got ${items.length}`;
    if (items.length > queue.length)
      this.unlisted.push(...formats.map((format) => ({ format, code: 'evidence-limit', message })));
    const lanes = Array.from({ length: 8 }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    });
    await Promise.all(lanes);
  }

  async #attempt(formats: readonly Unlisted['format'][], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failed(formats, error);
    }
  }

  #failed(formats: readonly Unlisted['format'][], error: unknown): void {
    if (!isFault(error)) throw error;
    const { code, message } = error;
    this.unlisted.push(...formats.map((format) => ({ format, code, message })));
  }
}

function createdOf({ annotations }: Descriptor): string {
  return annotations?.['org.opencontainers.image.created'] ?? '';
}

function formatOf({ artifactType }: Descriptor): Format | undefined {
  if (artifactType === signatureArtifactType) return 'notation';
  return artifactType === bundleType ? 'bundle' : undefined;
}
