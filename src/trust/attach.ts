// Puts a signature or attestation beside an image: as a referrer, and in the fallback tag where the registry keeps no
// list itself (OCI distribution-spec "Pushing Manifests with Subject").
import { type Descriptor, digestOf, mediaTypes } from '../image/index.ts';
import { deleteManifest, listFallback, pushBlob, pushManifest, RemoteFault } from '../transport/index.ts';
import type { Subject } from './evidence/index.ts';
import { changeFallback } from './fallback.ts';
import type { Place } from './gather.ts';

export interface Attachment {
  artifactType: string;
  /** Of the one layer. */
  mediaType: string;
  payload: Uint8Array;
  /** Of the manifest. */
  annotations: Readonly<Record<string, string>>;
}

const empty = Buffer.from('{}');

/** Gives the digest of the manifest that holds it. Throws RemoteFault, NetFault. */
export async function attach(
  place: Place,
  subject: Subject,
  { artifactType, mediaType, payload, annotations }: Attachment,
): Promise<string> {
  const config: Descriptor = { mediaType: mediaTypes.ociEmpty, digest: digestOf(empty), size: empty.length };
  const layer: Descriptor = { mediaType, digest: digestOf(payload), size: payload.byteLength };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      artifactType,
      config,
      layers: [layer],
      subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
      annotations,
    }),
  );
  const { registry, repository } = place;
  await Promise.all([pushBytes(place, config, empty), pushBytes(place, layer, payload)]);
  const digest = digestOf(manifest);
  const pushed = await pushManifest(registry, repository, digest, manifest, mediaTypes.ociManifest);
  if (pushed.subject === undefined) {
    const entry = {
      mediaType: mediaTypes.ociManifest,
      digest,
      size: manifest.length,
      artifactType,
      annotations,
    };
    await changeFallback(place, subject.digest, (entries) => [
      ...entries.filter((known) => known.digest !== digest),
      entry,
    ]);
  }
  return digest;
}

async function pushBytes(
  { registry, repository }: Place,
  blob: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  await pushBlob(registry, repository, blob, async function* () {
    yield bytes;
  });
}

/** Removes manifests that newer ones took the place of; a registry that does not delete keeps them. */
export async function detach(place: Place, subject: string, digests: readonly string[]): Promise<number> {
  let removed = 0;
  for (const digest of digests) {
    try {
      await deleteManifest(place.registry, place.repository, digest);
      removed++;
    } catch (error) {
      if (!(error instanceof RemoteFault)) throw error;
    }
  }
  // out of the list they are gone for readers, whether or not the registry deletes
  if (
    (await listFallback(place.registry, place.repository, subject)).some(({ digest }) =>
      digests.includes(digest),
    )
  )
    await changeFallback(place, subject, (entries) =>
      entries.filter(({ digest }) => !digests.includes(digest)),
    );
  return removed;
}
