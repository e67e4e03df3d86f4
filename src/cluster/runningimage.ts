// What a node says of the image that a container runs: the forms of `status.containerStatuses[].imageID`.
import { isDigest } from '../image/index.ts';

export type ImageIdentity =
  /** `repository` as the node names it: another one where it has the same image under several names. */
  | { kind: 'digest'; digest: string; repository?: string; from: 'node' | 'name' }
  /** The digest of the image's config: an image that was loaded or built on the node. It is no manifest's. */
  | { kind: 'id'; id: string }
  /** Only the name is known: nothing has been pulled yet, or the node does not say what it pulled. */
  | { kind: 'name' };

/**
 * `REPO@sha256:…` (containerd, CRI-O), `docker-pullable://REPO@sha256:…` and `docker://sha256:…` (dockershim),
 * `sha256:…` or bare hexadecimal digits (the image's id). `image`: as the pod names it.
 */
export function identityOf(imageId: unknown, image: string): ImageIdentity {
  if (typeof imageId === 'string') {
    const text = imageId.replace(/^[a-z-]+:\/\//, '');
    const at = text.lastIndexOf('@');
    if (at > 0 && isDigest(text.slice(at + 1)))
      return { kind: 'digest', digest: text.slice(at + 1), repository: text.slice(0, at), from: 'node' };
    const id = /^[a-f0-9]{64}$/.test(text) ? `sha256:${text}` : text;
    if (isDigest(id)) return { kind: 'id', id };
  }
  return identityByName(image);
}

/** A digest in the name is what the node must have pulled; a tag says nothing. */
export function identityByName(image: string): ImageIdentity {
  const at = image.lastIndexOf('@');
  const digest = image.slice(at + 1);
  return at > 0 && isDigest(digest) ? { kind: 'digest', digest, from: 'name' } : { kind: 'name' };
}
