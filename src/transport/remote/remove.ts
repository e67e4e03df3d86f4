// Manifests and blobs, deleted (OCI distribution-spec, Content Management).
import { blobPath, manifestPath } from './pull.ts';
import { unexpected } from './refusal.ts';
import type { Registry } from './registry.ts';

/** Deletes a tag or, by digest, a manifest. Throws RemoteFault. */
export async function deleteManifest(
  registry: Registry,
  repository: string,
  reference: string,
): Promise<void> {
  await remove(registry, repository, manifestPath(repository, reference));
}

export async function deleteBlob(registry: Registry, repository: string, digest: string): Promise<void> {
  await remove(registry, repository, blobPath(repository, digest));
}

async function remove(registry: Registry, repository: string, path: string): Promise<void> {
  const response = await registry.send({
    method: 'DELETE',
    path,
    scopes: [{ repository, actions: ['delete'] }],
  });
  if (response.status !== 202 && response.status !== 200)
    throw await unexpected(registry, response, `delete ${path}`);
  await response.discard();
}
