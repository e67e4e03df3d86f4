// The distinct images behind what runs: each is opened, inventoried and matched once, however many pods have it.
import { isFault, type Undecided, undecided } from '../core/index.ts';
import { formatReference, parseReference, withDefaultTag } from '../image/index.ts';
import type { PullingPod } from './kube/index.ts';
import type { Running } from './running.ts';

/** What is asked for at a registry. */
export interface Wanted {
  /** The same for whatever is the same image on the same platform. */
  key: string;
  /** `HOST/REPOSITORY@DIGEST` or `HOST/REPOSITORY:TAG`, as the pod names it; the first that is there counts. */
  references: readonly string[];
  digest?: string;
  /** The node knows its image only by this digest of its config. */
  id?: string;
  platform?: string;
  /** Why nobody can ask a registry for it. */
  problem?: { code: string; message: string };
  /** What stays open even when the name could be read. */
  note?: Undecided;
  /** Who may pull it, in which namespace. */
  pulls: { context: string; namespace: string; pulling: PullingPod }[];
}

/** The image of one row; `pulls` is the caller's to fill. */
export function wantedOf({ image, identity, platform, role, state }: Running): Wanted {
  const more = { ...(platform === undefined ? {} : { platform }), pulls: [] };
  const key = (what: string) => `${what} ${platform ?? ''}`;
  let name: ReturnType<typeof parseReference>;
  try {
    name = withDefaultTag(parseReference(image));
  } catch (error) {
    if (!isFault(error)) throw error;
    return {
      key: key(image),
      references: [],
      problem: { code: error.code, message: error.message },
      ...more,
    };
  }
  const { domain, repository } = name;
  if (identity.kind === 'digest') {
    const { digest } = identity;
    const own = formatReference({ domain, repository, digest });
    const elsewhere = otherName(identity.repository, digest);
    // The node may have it under another name; the pod's own is what it was admitted by.
    const references = elsewhere === undefined || elsewhere === own ? [own] : [own, elsewhere];
    return { key: key(own), references, digest, ...more };
  }
  const tagged = formatReference({
    domain,
    repository,
    ...(name.tag === undefined ? {} : { tag: name.tag }),
  });
  if (identity.kind === 'id')
    return { key: key(`${tagged} ${identity.id}`), references: [tagged], id: identity.id, ...more };
  const note =
    state === 'scheduled'
      ? undefined
      : undecided(
          'running-digest-unknown',
          `the node does not say which digest of ${tagged} ${role === 'volume' ? 'it mounted' : 'it runs'}: judged is what the tag stands for now`,
          { subject: tagged, hint: 'name the image by its digest' },
        );
  return { key: key(tagged), references: [tagged], ...(note === undefined ? {} : { note }), ...more };
}

function otherName(repository: string | undefined, digest: string): string | undefined {
  if (repository === undefined) return undefined;
  try {
    const { domain, repository: path } = parseReference(repository);
    return formatReference({ domain, repository: path, digest });
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}

/** The node has another image than the tag stands for now, or nobody can tell. */
export function unproven(
  reference: string,
  id: string,
  configDigest: string | undefined,
): Undecided | undefined {
  if (configDigest === id) return undefined;
  return undecided(
    'running-digest-unknown',
    `the node runs image ${id.slice(0, 19)}… as ${reference}, which by now is another image: judged is what the name stands for now`,
    { subject: reference, hint: 'push the image that runs, and name it by its digest' },
  );
}
