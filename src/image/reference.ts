// Names of images: the grammar of distribution/reference, with Docker's short names filled in.
import { isDigest, parseDigest } from './digest.ts';
import { ImageFault } from './fault.ts';

export interface Reference {
  /** Host with the port where one was named, as written: `docker.io`, `localhost:5000`, `[::1]:443`. */
  domain: string;
  /** `library/alpine`, `team/app`. */
  repository: string;
  tag?: string;
  digest?: string;
}

const domainPattern =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const longestReference = 1024;
const longestName = 255;

/**
 * Parses `[DOMAIN/]PATH[:TAG][@DIGEST]`. A name without a domain is Docker Hub's, where a name of one part
 * lies under `library/`. No tag is filled in. Throws ImageFault `reference-invalid`.
 */
export function parseReference(text: string): Reference {
  if (text === '' || text.length > longestReference) throw invalid(text, 'a name of 1 to 1024 characters');
  const { rest, digest } = splitDigest(text);
  const { name, tag } = splitTag(rest, text);
  const { domain, path } = splitDomain(name);
  if (!domainPattern.test(domain) || Number(/:(\d+)$/.exec(domain)?.[1] ?? 0) > 65_535)
    throw invalid(text, 'a registry host with an optional port');
  const repository = domain === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  if (!isRepository(repository))
    throw invalid(text, 'a repository of lower-case letters, digits and single separators');
  if (domain.length + 1 + repository.length > longestName)
    throw invalid(text, `a host and repository of at most ${longestName} characters`);
  if (isBareHex(text)) throw invalid(text, 'a name, not 64 hexadecimal digits');
  return {
    domain,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function splitDigest(text: string): { rest: string; digest: string | undefined } {
  const at = text.indexOf('@');
  if (at < 0) return { rest: text, digest: undefined };
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) {
    try {
      parseDigest(digest);
    } catch (cause) {
      throw new ImageFault('reference-invalid', (cause as Error).message, { cause });
    }
  }
  return { rest: text.slice(0, at), digest };
}

/** A colon starts a tag only behind the last slash: before it, it starts a port. */
function splitTag(rest: string, text: string): { name: string; tag: string | undefined } {
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  if (colon < 0) return { name: rest, tag: undefined };
  const tag = rest.slice(colon + 1);
  if (!tagPattern.test(tag)) throw invalid(text, 'a tag of at most 128 letters, digits, "_", "." and "-"');
  return { name: rest.slice(0, colon), tag };
}

/** The first part is a domain when it could not be part of a Docker Hub name. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isDomain = slash >= 0 && (/[.:[A-Z]/.test(first) || first === 'localhost');
  if (!isDomain) return { domain: 'docker.io', path: name };
  const domain = first === 'index.docker.io' || first === 'registry-1.docker.io' ? 'docker.io' : first;
  return { domain, path: name.slice(slash + 1) };
}

function isBareHex(text: string): boolean {
  return /^[a-f0-9]{64}$/.test(text);
}

/** Whether the text is a repository name of the distribution specification ("Pulling manifests"). */
export function isRepository(text: string): boolean {
  return text.length <= longestName && text.split('/').every((part) => componentPattern.test(part));
}

export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** The whole name, `DOMAIN/REPOSITORY[:TAG][@DIGEST]`. */
export function formatReference({ domain, repository, tag, digest }: Reference): string {
  const at = digest === undefined ? '' : `@${digest}`;
  return `${domain}/${repository}${tag === undefined ? '' : `:${tag}`}${at}`;
}

/** The reference with `latest` where it names neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag: 'latest' }
    : reference;
}

/** The host (and port) that serves the domain's registry: Docker Hub's API lives on a host of its own. */
export function registryHost(domain: string): string {
  return domain === 'docker.io' ? 'registry-1.docker.io' : domain;
}

function invalid(text: string, expected: string): ImageFault {
  return new ImageFault(
    'reference-invalid',
    `expected ${expected}, got ${JSON.stringify(text.slice(0, 160))}`,
    {
      hint: 'Write an image as [HOST[:PORT]/]PATH[:TAG][@DIGEST], for example registry.example.com/team/app:1.2.',
    },
  );
}
