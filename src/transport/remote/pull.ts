// Reading from a registry: tags to digests, manifests, blobs (distribution-spec "Pull").
import { defaultLimits } from '../../core/index.ts';
import {
  checkDigest,
  type Descriptor,
  digestOf,
  ImageFault,
  isDigest,
  manifestMediaTypes,
  parseManifest,
  startDigestCheck,
} from '../../image/index.ts';
import { type HttpResponse, NetFault } from '../../net/index.ts';
import type { Scope } from './auth.ts';
import type { FetchedManifest } from './documents.ts';
import { RemoteFault } from './fault.ts';
import { unexpected } from './refusal.ts';
import type { Registry } from './registry.ts';

const accept = { accept: manifestMediaTypes.join(', ') };

export function pullScope(repository: string): Scope[] {
  return [{ repository, actions: ['pull'] }];
}

/**
 * The digest a tag stands for now: by HEAD, which Docker Hub does not count, else by reading the manifest.
 * Throws RemoteFault `image-not-found` and its kin.
 */
export async function resolveTag(registry: Registry, repository: string, tag: string): Promise<string> {
  const response = await registry.send({
    method: 'HEAD',
    path: manifestPath(repository, tag),
    scopes: pullScope(repository),
    headers: accept,
  });
  await response.discard();
  const digest = response.header('docker-content-digest');
  if (response.status === 200 && digest !== undefined && isDigest(digest)) return digest;
  return (await fetchManifest(registry, repository, tag)).digest;
}

/**
 * A manifest by tag or digest; its bytes are hashed here, and nothing a header says is believed.
 * Throws RemoteFault, ImageFault.
 */
export async function fetchManifest(
  registry: Registry,
  repository: string,
  reference: string,
): Promise<FetchedManifest> {
  const kept = isDigest(reference)
    ? registry.documents?.manifest(registry.domain, repository, reference)
    : undefined;
  if (kept !== undefined) return kept;
  const response = await registry.send({
    path: manifestPath(repository, reference),
    scopes: pullScope(repository),
    headers: accept,
  });
  if (response.status !== 200) throw await unexpected(registry, response, `have ${repository} ${reference}`);
  const bytes = await response.bytes(defaultLimits.manifestBytes);
  if (isDigest(reference)) checkDigest(bytes, reference, `the manifest of ${repository}`);
  const digest = isDigest(reference) ? reference : digestOf(bytes, algorithmOf(response));
  const said = response.header('docker-content-digest');
  if (said !== undefined && isDigest(said) && !isDigest(reference))
    checkDigest(bytes, said, `the manifest of ${repository}`);
  const manifest = parseManifest(bytes, response.header('content-type'));
  const fetched = { bytes, digest, mediaType: manifest.mediaType, manifest };
  if (isDigest(reference)) registry.documents?.keepManifest(registry.domain, repository, fetched);
  return fetched;
}

function algorithmOf(response: HttpResponse): 'sha256' | 'sha512' {
  return response.header('docker-content-digest')?.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** As fetchManifest; undefined where there is none. */
export async function findManifest(
  registry: Registry,
  repository: string,
  reference: string,
): Promise<FetchedManifest | undefined> {
  try {
    return await fetchManifest(registry, repository, reference);
  } catch (error) {
    if (error instanceof RemoteFault && error.code === 'image-not-found') return undefined;
    throw error;
  }
}

/** Whether the registry has a blob; its size where it says one. */
export async function hasBlob(registry: Registry, repository: string, digest: string): Promise<boolean> {
  const response = await registry.send({
    method: 'HEAD',
    path: blobPath(repository, digest),
    scopes: pullScope(repository),
  });
  await response.discard();
  if (response.status === 200) return true;
  if (response.status === 404) return false;
  throw await unexpected(registry, response, `say whether it has ${digest}`);
}

export interface BlobOptions {
  signal?: AbortSignal;
  /** False: the reader hashes the bytes anyway and compares them itself. */
  check?: boolean;
}

const mostResumes = 5;

/**
 * The bytes of a blob. A connection that breaks is taken up again where it broke (Range). No more than the
 * descriptor's size is given, and unless `check` is false the stream ends in a fault when the digest is another.
 * Throws RemoteFault, NetFault, ImageFault `digest-mismatch`.
 */
export async function streamBlob(
  registry: Registry,
  repository: string,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  options: BlobOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  const first = await requestBlob(registry, repository, blob, 0, options.signal);
  return readBlob(registry, repository, blob, first, options);
}

async function* readBlob(
  registry: Registry,
  repository: string,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  first: HttpResponse,
  options: BlobOptions,
): AsyncGenerator<Uint8Array> {
  const check =
    options.check === false
      ? undefined
      : startDigestCheck(blob.digest, `the blob of ${repository}`, blob.size);
  let response = first;
  let read = 0;
  for (let resumes = 0; ; resumes++) {
    try {
      for await (const chunk of response.body) {
        read += chunk.byteLength;
        if (read > blob.size)
          throw new ImageFault(
            'digest-mismatch',
            `expected ${blob.digest} to have ${blob.size} bytes, got more`,
          );
        check?.update(chunk);
        yield chunk;
      }
      break;
    } catch (error) {
      if (!isBroken(error) || resumes >= mostResumes || options.signal?.aborted) throw error;
    }
    if (read === blob.size) break;
    response = await requestBlob(registry, repository, blob, read, options.signal);
  }
  if (read !== blob.size)
    throw new ImageFault(
      'digest-mismatch',
      `expected ${blob.digest} to have ${blob.size} bytes, got ${read}`,
    );
  check?.end();
}

function isBroken(error: unknown): boolean {
  return error instanceof NetFault && (error.code === 'body-truncated' || error.code === 'timeout');
}

async function requestBlob(
  registry: Registry,
  repository: string,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  from: number,
  signal: AbortSignal | undefined,
): Promise<HttpResponse> {
  const response = await registry.send({
    path: blobPath(repository, blob.digest),
    scopes: pullScope(repository),
    ...(from === 0 ? {} : { headers: { range: `bytes=${from}-` } }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (from === 0 && response.status === 200) return response;
  if (from > 0 && response.status === 206) {
    if (response.header('content-range')?.startsWith(`bytes ${from}-`)) return response;
    await response.discard();
    throw new RemoteFault(
      'registry-failed',
      `expected bytes from ${from} of ${blob.digest}, got another range`,
    );
  }
  if (from > 0 && response.status === 200) return skipping(response, from);
  throw await unexpected(registry, response, `have blob ${blob.digest} of ${repository}`);
}

/** A server without ranges sends everything again. */
function skipping(response: HttpResponse, count: number): HttpResponse {
  async function* rest(): AsyncGenerator<Uint8Array> {
    let left = count;
    for await (const chunk of response.body) {
      if (left >= chunk.byteLength) left -= chunk.byteLength;
      else {
        yield chunk.subarray(left);
        left = 0;
      }
    }
  }
  return { ...response, body: rest() };
}

/** A small blob whole. Throws as streamBlob does, and when it is larger than a config may be. */
export async function fetchBlob(
  registry: Registry,
  repository: string,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  most: number = defaultLimits.manifestBytes,
): Promise<Buffer> {
  if (blob.size > most)
    throw new RemoteFault('registry-failed', `expected a blob of at most ${most} bytes, got ${blob.size}`);
  const kept = registry.documents?.blob(registry.domain, repository, blob.digest);
  if (kept?.length === blob.size) return kept;
  const pieces: Uint8Array[] = [];
  for await (const piece of await streamBlob(registry, repository, blob)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  registry.documents?.keepBlob(registry.domain, repository, blob.digest, bytes);
  return bytes;
}

/** Throws RemoteFault when the registry does not speak the distribution API or does not let us in. */
export async function ping(registry: Registry): Promise<void> {
  const response = await registry.send({ path: '/v2/', scopes: [] });
  if (response.status !== 200) throw await unexpected(registry, response, 'speak the distribution API');
  await response.discard();
}

export function manifestPath(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`;
}

export function blobPath(repository: string, digest: string): string {
  return `/v2/${repository}/blobs/${digest}`;
}
