// Whether a rule or an exception is for an image: by its repository and by the labels the caller gives.
import type { Reference } from '../../image/index.ts';
import { matchesPattern } from '../evidence/index.ts';

export interface Selection {
  images: readonly string[];
  labels: Readonly<Record<string, readonly string[]>>;
}

/** `HOST/REPOSITORY`: what patterns are compared with; Docker Hub is `docker.io`. */
export function repositoryOf({ domain, repository }: Pick<Reference, 'domain' | 'repository'>): string {
  return `${domain.toLowerCase()}/${repository}`;
}

export function selects(
  { images, labels }: Selection,
  reference: Pick<Reference, 'domain' | 'repository'>,
  given: Readonly<Record<string, string>>,
): boolean {
  const repository = repositoryOf(reference);
  return (
    images.some((pattern) => matchesPattern(pattern, repository)) &&
    Object.entries(labels).every(
      ([key, patterns]) =>
        Object.hasOwn(given, key) && patterns.some((pattern) => matchesPattern(pattern, given[key]!)),
    )
  );
}
