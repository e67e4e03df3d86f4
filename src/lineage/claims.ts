// What an image, its provenance and its Dockerfile say of its base: claims, until layers prove one.
import { formatReference, parseReference } from '../image/index.ts';
import type { Evidence } from './base.ts';
import type { DockerfileBases } from './dockerfile.ts';
import { materialsOf } from './materials.ts';

export interface Claimed {
  by: Exclude<Evidence, 'layers'>;
  /** `HOST/REPOSITORY[:TAG]`, whole. */
  reference?: string;
  digest?: string;
  /** Buildpacks: the diffID of the base's top layer. */
  topLayer?: string;
  /** It is made anew for each image and never inherited from a base. */
  isOwn: boolean;
}

export interface ClaimSources {
  annotations: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** Predicates of SLSA provenance. */
  provenance: readonly unknown[];
  dockerfile?: DockerfileBases;
}

const NAME = 'org.opencontainers.image.base.name';
const DIGEST = 'org.opencontainers.image.base.digest';
const BUILDPACKS = 'io.buildpacks.lifecycle.metadata';

export function claimsOf({ annotations, labels, provenance, dockerfile }: ClaimSources): Claimed[] {
  return [
    ...provenance
      .flatMap(materialsOf)
      .map((material): Claimed => ({ by: 'provenance', ...material, isOwn: true })),
    ...named('annotation', annotations, true),
    ...buildpacksOf(labels),
    ...(dockerfile?.base.kind === 'image'
      ? [{ by: 'dockerfile' as const, ...wholeName(dockerfile.base.reference), isOwn: true }]
      : []),
    // a label is handed down: it may speak of the base's own base
    ...named('label', labels, false),
  ];
}

function named(
  by: 'annotation' | 'label',
  said: Readonly<Record<string, string>>,
  isOwn: boolean,
): Claimed[] {
  const name = said[NAME];
  const digest = said[DIGEST];
  if (!name && !digest) return [];
  return [{ by, ...(name ? wholeName(name) : {}), ...(digest ? { digest } : {}), isOwn }];
}

/** The name as Seaworthy writes it, and the digest within it. */
function wholeName(text: string): { reference?: string; digest?: string } {
  try {
    const { digest, ...reference } = parseReference(text);
    const tagged =
      reference.tag === undefined && digest === undefined ? { ...reference, tag: 'latest' } : reference;
    return { reference: formatReference(tagged), ...(digest === undefined ? {} : { digest }) };
  } catch {
    return { reference: text.slice(0, 200) };
  }
}

function buildpacksOf(labels: Readonly<Record<string, string>>): Claimed[] {
  const text = labels[BUILDPACKS];
  if (text === undefined) return [];
  try {
    const run = (JSON.parse(text) as { runImage?: { topLayer?: unknown; reference?: unknown } }).runImage;
    const topLayer = typeof run?.topLayer === 'string' ? run.topLayer : undefined;
    const reference = typeof run?.reference === 'string' ? wholeName(run.reference) : {};
    return topLayer === undefined ? [] : [{ by: 'buildpacks', ...reference, topLayer, isOwn: true }];
  } catch {
    return [];
  }
}
