// Which patterns a policy may hold: anchored ones that name somebody; what would let strangers in is refused on load.
import { isUsefulPattern } from '../evidence/index.ts';

const regexLike = /[\^$|()[\]{}\\]|\.\*|\.\+/;
const noRegex =
  'patterns are no regular expressions: write "*" for any text without a slash, "**" for any text; both ends are anchored';

/** Each wildcard multiplies the ways in which a long name can fail to fit. */
const mostWildcards = 8;

function tooMany(pattern: string): string | undefined {
  const count = pattern.split(/\*+/).length - 1;
  return count > mostWildcards ? `expected at most ${mostWildcards} wildcards, got ${count}` : undefined;
}

/**
 * What is wrong with a pattern of `HOST/REPOSITORY`; undefined: nothing. `anyHost`: it only selects, so it may be for
 * every host (more images judged); else its host must be fixed, but for one leading `*.`.
 */
export function imagePatternProblem(pattern: string, anyHost: boolean): string | undefined {
  if (regexLike.test(pattern) || /[+?]/.test(pattern)) return noRegex;
  const many = tooMany(pattern);
  if (many !== undefined) return many;
  const [host = '', ...path] = pattern.split('/');
  if (anyHost && (pattern === '*' || pattern === '**')) return undefined;
  if (/[A-Z]/.test(pattern)) return 'expected lower-case letters, got capitals, which no repository has';
  if (path.length === 0)
    return `expected HOST/REPOSITORY, got a host: write ${JSON.stringify(`${host}/**`)} for all of it`;
  if (path.some((part) => part === '')) return 'expected HOST/REPOSITORY, got an empty part between slashes';
  if (path.some((part) => /[:@]/.test(part)))
    return 'expected HOST/REPOSITORY without tag and digest: policies are about repositories';
  if (path.some((part) => !/^[a-z0-9._*-]+$/.test(part)))
    return 'expected letters, digits, ".", "_", "-" and "*" in a repository';
  if ([host, ...path].some((part) => part.includes('**') && part !== '**'))
    return '"**" must stand alone between slashes: beside other text it would also fit longer names';
  if (!/^[a-z0-9.*-]+(?::\d{1,5})?$/.test(host))
    return `expected a host with an optional port first, got ${JSON.stringify(host)}`;
  if (anyHost) return undefined;
  const fixed = host.startsWith('*.') ? host.slice(2) : host;
  if (fixed.includes('*'))
    return 'expected a fixed host, or "*." before one: any other wildcard fits hosts of strangers';
  if (host.startsWith('*.') && !/^[a-z0-9-]+\.[a-z0-9.:-]+$/.test(fixed))
    return 'expected at least two fixed names behind "*.", as in *.azurecr.io';
  if (!/[.:]/.test(fixed) && fixed !== 'localhost')
    return `expected a registry host first, got ${JSON.stringify(host)}: Docker Hub's images are docker.io/library/NAME`;
  return undefined;
}

/** What is wrong with an identity, an issuer or another name that is compared whole or by an anchored pattern. */
export function identityProblem(text: string, isPattern: boolean): string | undefined {
  if (!isPattern) {
    if (!/[A-Za-z0-9]/.test(text)) return `expected a name, got ${JSON.stringify(text)}`;
    return text.includes('*')
      ? 'expected exact text, got "*": patterns have a key of their own, …Pattern'
      : undefined;
  }
  if (regexLike.test(text)) return noRegex;
  const useless = `${JSON.stringify(text)} would let strangers in: name the host and at least the beginning of what follows it`;
  if (!isUsefulPattern(text)) return useless;
  const many = tooMany(text);
  if (many !== undefined) return many;
  if (!text.includes('*')) return undefined;
  const start = text.slice(0, text.indexOf('*'));
  if (text.includes('@') && !text.includes('/')) {
    const domain = text.slice(text.lastIndexOf('@') + 1);
    return domain.includes('*') || !domain.includes('.') ? useless : undefined;
  }
  const isNarrow =
    /^[a-z][a-z0-9+.-]*:\/\/[^/]+\/[^/]/i.test(start) ||
    // Names as `repo:org/app:ref:…`, which GitLab and others give; but `https:**` is every URL.
    /^(?!https?:|spiffe:)[a-z][a-z0-9_-]*:[^/].{2}/i.test(start) ||
    (!text.includes(':') && /[a-z0-9]{3}/i.test(start) && !'https'.startsWith(start.toLowerCase()));
  return isNarrow ? undefined : useless;
}

/** What is wrong with a pattern of a label's value. */
export function labelProblem(pattern: string): string | undefined {
  return regexLike.test(pattern) ? noRegex : tooMany(pattern);
}
