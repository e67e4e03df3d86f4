// Writing to a registry: blobs, manifests, deletions (distribution-spec "Push" and "Content Management").
import { type Descriptor, digestOf, isDigest, parseDigest } from '../../image/index.ts';
import type { HttpResponse } from '../../net/index.ts';
import type { Scope } from './auth.ts';
import { RemoteFault } from './fault.ts';
import { hasBlob, manifestPath } from './pull.ts';
import { unexpected } from './refusal.ts';
import type { Registry } from './registry.ts';

export interface PushBlobOptions {
  /** Another repository of the same registry that has the blob. */
  mountFrom?: string;
  /** Bytes in one PATCH; the whole blob in one PUT when left out. A registry's own minimum wins. */
  chunkBytes?: number;
  /** The registry is not asked first: the blob is new there, or is mounted in one request whether it is there or not. */
  unasked?: boolean;
  signal?: AbortSignal;
}

export type Pushed = 'existed' | 'mounted' | 'uploaded';

export function pushScope(repository: string): Scope[] {
  return [{ repository, actions: ['pull', 'push'] }];
}

/** Uploads a blob unless it is there; `open` is called once for each time the bytes are sent. Throws RemoteFault. */
export async function pushBlob(
  registry: Registry,
  repository: string,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  open: () => AsyncIterable<Uint8Array>,
  options: PushBlobOptions = {},
): Promise<Pushed> {
  if (options.unasked !== true && (await hasBlob(registry, repository, blob.digest))) return 'existed';
  const started = await startUpload(registry, repository, blob.digest, options.mountFrom);
  if (started === 'mounted') return 'mounted';
  const scopes = pushScope(repository);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  if (options.chunkBytes === undefined) {
    const response = await registry.send({
      method: 'PUT',
      path: withDigest(started.location, blob.digest),
      scopes,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
      // a server may answer an empty stream with "length required": nothing is sent as nothing
      body: blob.size === 0 ? new Uint8Array() : open,
      retries: 0,
      ...signal,
    });
    await expectCreated(registry, response, blob.digest);
    return 'uploaded';
  }
  let location = started.location;
  let at = 0;
  for await (const chunk of rechunk(open(), Math.max(options.chunkBytes, started.minimum))) {
    const response = await registry.send({
      method: 'PATCH',
      path: location,
      scopes,
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${at}-${at + chunk.length - 1}`,
      },
      body: chunk,
      retries: 0,
      ...signal,
    });
    if (response.status !== 202) throw await unexpected(registry, response, `take a chunk of ${blob.digest}`);
    await response.discard();
    location = locationOf(registry, response, location);
    at += chunk.length;
  }
  const response = await registry.send({
    method: 'PUT',
    path: withDigest(location, blob.digest),
    scopes,
    body: new Uint8Array(),
    retries: 0,
  });
  await expectCreated(registry, response, blob.digest);
  return 'uploaded';
}

async function startUpload(
  registry: Registry,
  repository: string,
  digest: string,
  mountFrom: string | undefined,
): Promise<'mounted' | { location: URL; minimum: number }> {
  const query = mountFrom === undefined ? '' : `?mount=${digest}&from=${mountFrom}`;
  const response = await registry.send({
    method: 'POST',
    path: `/v2/${repository}/blobs/uploads/${query}`,
    scopes:
      mountFrom === undefined
        ? pushScope(repository)
        : [...pushScope(repository), { repository: mountFrom, actions: ['pull'] }],
    headers: { 'content-length': '0' },
    retries: 0,
  });
  if (response.status === 201 && mountFrom !== undefined) {
    await response.discard();
    return 'mounted';
  }
  if (response.status !== 202) throw await unexpected(registry, response, `start an upload to ${repository}`);
  await response.discard();
  const minimum = Number(response.header('oci-chunk-min-length') ?? 0);
  return {
    location: locationOf(registry, response, registry.base),
    minimum: Number.isSafeInteger(minimum) && minimum <= 1 << 30 ? minimum : 0,
  };
}

function locationOf(registry: Registry, response: HttpResponse, base: URL): URL {
  const url = URL.parse(response.header('location') ?? '', base);
  if (url === null)
    throw new RemoteFault(
      'registry-failed',
      `expected ${registry.domain} to say where to upload, got no Location`,
    );
  if (registry.base.protocol === 'https:' && url.protocol !== 'https:')
    throw new RemoteFault(
      'registry-failed',
      `expected an https Location from ${registry.domain}, got ${url.protocol}`,
    );
  return url;
}

function withDigest(location: URL, digest: string): URL {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return url;
}

async function expectCreated(registry: Registry, response: HttpResponse, digest: string): Promise<void> {
  if (response.status !== 201) throw await unexpected(registry, response, `store blob ${digest}`);
  await response.discard();
}

async function* rechunk(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let pieces: Uint8Array[] = [];
  let held = 0;
  for await (const piece of source) {
    let rest = piece;
    while (held + rest.byteLength >= size) {
      const part = rest.subarray(0, size - held);
      yield Buffer.concat([...pieces, part]);
      rest = rest.subarray(part.byteLength);
      pieces = [];
      held = 0;
    }
    if (rest.byteLength > 0) pieces.push(rest);
    held += rest.byteLength;
  }
  if (held > 0) yield Buffer.concat(pieces);
}

export interface PushedManifest {
  digest: string;
  /** The registry keeps the referrers list itself (spec "Pushing Manifests with Subject"). */
  subject: string | undefined;
}

/** Stores a manifest under a tag or its digest. Throws RemoteFault. */
export async function pushManifest(
  registry: Registry,
  repository: string,
  reference: string,
  bytes: Uint8Array,
  mediaType: string,
): Promise<PushedManifest> {
  const response = await registry.send({
    method: 'PUT',
    path: manifestPath(repository, reference),
    scopes: pushScope(repository),
    headers: { 'content-type': mediaType },
    body: bytes,
    retries: 0,
  });
  if (response.status !== 201)
    throw await unexpected(registry, response, `store the manifest ${repository} ${reference}`);
  await response.discard();
  const digest = isDigest(reference) ? reference : digestOf(bytes);
  const said = response.header('docker-content-digest');
  if (said !== undefined && isDigest(said) && said !== digestOf(bytes, parseDigest(said).algorithm))
    throw new RemoteFault('registry-failed', `expected ${registry.domain} to store ${digest}, got ${said}`);
  return { digest, subject: response.header('oci-subject') };
}
