// The list of referrers in a tag, where the registry keeps none itself (OCI distribution-spec, Referrers Tag Schema).
import { type Descriptor, type ImageIndex, mediaTypes } from '../image/index.ts';
import { fallbackTag, listFallback, pushManifest, RemoteFault } from '../transport/index.ts';
import type { Place } from './gather.ts';

const mostTries = 5;

const writing = new Map<string, Promise<unknown>>();

/**
 * Changes the list: within this process one writer after the other. Others may meet us at the tag, which no registry
 * guards: what was written is read again until the change is in it. Throws RemoteFault `registry-failed`.
 */
export async function changeFallback(
  place: Place,
  subject: string,
  change: (entries: Descriptor[]) => Descriptor[],
): Promise<void> {
  const list = `${place.registry.domain}/${place.repository}@${subject}`;
  const before = writing.get(list) ?? Promise.resolve();
  const done = before.catch(() => undefined).then(() => rewrite(place, subject, change));
  writing.set(list, done);
  try {
    await done;
  } finally {
    if (writing.get(list) === done) writing.delete(list);
  }
}

async function rewrite(
  place: Place,
  subject: string,
  change: (entries: Descriptor[]) => Descriptor[],
): Promise<void> {
  for (let tried = 0; tried < mostTries; tried++) {
    const before = await listFallback(place.registry, place.repository, subject);
    const wanted = change(before);
    const index: Pick<ImageIndex, 'manifests'> & Record<string, unknown> = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: wanted,
    };
    await pushManifest(
      place.registry,
      place.repository,
      fallbackTag(subject),
      Buffer.from(JSON.stringify(index)),
      mediaTypes.ociIndex,
    );
    const after = new Set(
      (await listFallback(place.registry, place.repository, subject)).map(({ digest }) => digest),
    );
    if (wanted.every(({ digest }) => after.has(digest))) return;
  }
  throw new RemoteFault(
    'registry-failed',
    `expected ${place.registry.domain} to keep the list under ${fallbackTag(subject)}, got another each time`,
    { hint: 'Somebody else writes the same list: try again.' },
  );
}
