// What refers to a manifest: the referrers API, and the fallback tag where there is none (OCI distribution-spec, Listing Referrers).
import { defaultLimits } from '../../core/index.ts';
import { type Descriptor, mediaTypes, parseDigest, parseManifest } from '../../image/index.ts';
import type { HttpResponse } from '../../net/index.ts';
import { RemoteFault } from './fault.ts';
import { pageBytes } from './list.ts';
import { pages } from './pages.ts';
import { fetchManifest, findManifest } from './pull.ts';
import { unexpected } from './refusal.ts';
import type { Registry } from './registry.ts';

/**
 * Descriptors of what has `digest` as its subject, of one artifact type where asked: by the referrers API, or by the
 * fallback tag where a registry has none (spec "Listing Referrers"). Throws RemoteFault, ImageFault.
 */
export async function listReferrers(
  registry: Registry,
  repository: string,
  digest: string,
  artifactType?: string,
  most = defaultLimits.referrers,
): Promise<Descriptor[]> {
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  const found: Descriptor[] = [];
  for await (const response of pages(registry, repository, `/v2/${repository}/referrers/${digest}${query}`)) {
    if (response.status === 404 || !isIndexAnswer(response)) {
      await response.discard();
      if (
        response.status !== 404 &&
        response.status !== 200 &&
        response.status !== 400 &&
        response.status !== 405
      )
        throw await unexpected(registry, response, `list what refers to ${digest}`);
      found.push(...(await listFallback(registry, repository, digest)));
      if (found.length > most) throw tooMany(registry, digest, most);
      break;
    }
    const index = parseManifest(await response.bytes(pageBytes), mediaTypes.ociIndex);
    if (index.kind === 'index') found.push(...index.manifests);
    // a registry that never ends its list must not keep us reading
    if (found.length > most) throw tooMany(registry, digest, most);
  }
  // a registry may ignore the filter, and says so only by leaving OCI-Filters-Applied out
  return artifactType === undefined ? found : completeTypes(registry, repository, found, artifactType);
}

function tooMany(registry: Registry, digest: string, most: number): RemoteFault {
  return new RemoteFault(
    'registry-failed',
    `expected ${registry.domain} to list at most ${most} referrers of ${digest}, got more`,
  );
}

function isIndexAnswer(response: HttpResponse): boolean {
  return (
    response.status === 200 && response.header('content-type')?.split(';')[0]?.trim() === mediaTypes.ociIndex
  );
}

/** The tag under which clients keep the list where the registry does not. */
export function fallbackTag(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `${algorithm}-${hex.slice(0, 64)}`;
}

/** What the fallback tag lists; nothing where there is none. Throws RemoteFault, ImageFault. */
export async function listFallback(
  registry: Registry,
  repository: string,
  digest: string,
): Promise<Descriptor[]> {
  const found = await findManifest(registry, repository, fallbackTag(digest));
  return found?.manifest.kind === 'index' ? found.manifest.manifests : [];
}

const mostLookups = 50;

/** Entries whose lists leave the artifact type out (older clients wrote such) are asked for themselves. */
async function completeTypes(
  registry: Registry,
  repository: string,
  entries: readonly Descriptor[],
  artifactType: string,
): Promise<Descriptor[]> {
  const matching: Descriptor[] = [];
  let lookups = 0;
  for (const entry of entries) {
    let type = entry.artifactType;
    if (type === undefined && lookups++ < mostLookups) {
      const { manifest } = await fetchManifest(registry, repository, entry.digest);
      type = manifest.artifactType ?? (manifest.kind === 'manifest' ? manifest.config.mediaType : undefined);
    }
    if (type === artifactType)
      matching.push(type === entry.artifactType ? entry : { ...entry, artifactType: type });
  }
  return matching;
}
