// Puts a rebased image into its repository: blobs mounted where the registry can, nothing sent that is there.
import type { Descriptor } from '../image/index.ts';
import { pushBlob, type Registry, streamBlob } from '../transport/index.ts';
import type { Located } from './rebasebases.ts';

export interface Place {
  registry: Registry;
  repository: string;
}

/** Counts, for the record. */
export interface Moved {
  mounted: number;
  copied: number;
}

/** `from` has the blobs. Mounted in one request; a registry that refuses that gets a streamed copy. */
export async function bringBlobs(
  blobs: readonly Descriptor[],
  from: Pick<Located, 'registry' | 'repository'>,
  to: Place,
  moved: Moved,
): Promise<void> {
  const isSame = from.registry.domain === to.registry.domain;
  if (isSame && from.repository === to.repository) return;
  const each = new Map(blobs.map((blob) => [blob.digest, blob]));
  for (const blob of each.values()) {
    const how = await pushBlob(to.registry, to.repository, blob, () => opened(from, blob), {
      ...(isSame ? { mountFrom: from.repository, unasked: true } : {}),
    });
    if (how === 'mounted') moved.mounted++;
    else if (how === 'uploaded') moved.copied++;
  }
}

async function* opened(
  from: Pick<Located, 'registry' | 'repository'>,
  blob: Descriptor,
): AsyncGenerator<Uint8Array> {
  yield* await streamBlob(from.registry, from.repository, blob);
}

/** A config that was just made; the same bytes again do no harm. */
export async function pushConfig(to: Place, digest: string, bytes: Buffer): Promise<void> {
  async function* once(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  await pushBlob(to.registry, to.repository, { digest, size: bytes.length }, once, { unasked: true });
}
