// Package URLs as ECMA-427 (purl-spec) writes them: made from a package, and read from other producers.

export interface Purl {
  type: string;
  namespace?: string;
  name: string;
  version?: string;
  qualifiers: Record<string, string>;
  subpath?: string;
}

/** Canonical text: lower-case type, percent-encoded parts, qualifiers sorted by key, empty ones left out. */
export function formatPurl(purl: Purl): string {
  const namespace = purl.namespace
    ? `${purl.namespace.split('/').filter(Boolean).map(encode).join('/')}/`
    : '';
  const version = purl.version ? `@${encode(purl.version)}` : '';
  const qualifiers = Object.keys(purl.qualifiers)
    .filter((key) => purl.qualifiers[key] !== '')
    .sort()
    .map((key) => `${key}=${encodeQualifier(purl.qualifiers[key]!)}`)
    .join('&');
  const subpath = purl.subpath ? `#${purl.subpath.split('/').filter(Boolean).map(encode).join('/')}` : '';
  return `pkg:${purl.type.toLowerCase()}/${namespace}${encode(purl.name)}${version}${qualifiers ? `?${qualifiers}` : ''}${subpath}`;
}

/** Undefined for text that is no purl. Parses from the right, as the specification says. */
export function parsePurl(text: string): Purl | undefined {
  if (text.length > 8192 || !/^pkg:/i.test(text)) return undefined;
  let rest = text.slice(4).replace(/^\/+/, '');
  const [beforeHash, subpath] = cutLast(rest, '#');
  const [beforeQuestion, query] = cutLast(beforeHash, '?');
  rest = beforeQuestion;
  const slash = rest.indexOf('/');
  if (slash <= 0) return undefined;
  const type = rest.slice(0, slash).toLowerCase();
  if (!/^[a-z][a-z0-9.+-]*$/.test(type)) return undefined;
  rest = rest.slice(slash + 1).replace(/^\/+|\/+$/g, '');
  const at = rest.lastIndexOf('@');
  const versioned = at > 0 && at > rest.lastIndexOf('/');
  const version = versioned ? decode(rest.slice(at + 1)) : undefined;
  const path = (versioned ? rest.slice(0, at) : rest).split('/').map(decode);
  if (path.includes(undefined) || (versioned && version === undefined)) return undefined;
  const name = path.pop();
  if (!name) return undefined;
  const qualifiers = parseQualifiers(query);
  if (qualifiers === undefined) return undefined;
  const decodedSubpath = subpath === undefined ? undefined : decode(subpath);
  return {
    type,
    ...(path.length > 0 ? { namespace: path.join('/') } : {}),
    name,
    ...(version ? { version } : {}),
    qualifiers,
    ...(decodedSubpath ? { subpath: decodedSubpath } : {}),
  };
}

/** The purl without version, qualifiers and subpath: what two versions of a package share. */
export function packageOf(purl: string): string {
  const parsed = parsePurl(purl);
  if (parsed === undefined) return purl;
  return formatPurl({
    type: parsed.type,
    ...(parsed.namespace ? { namespace: parsed.namespace } : {}),
    name: parsed.name,
    qualifiers: {},
  });
}

function parseQualifiers(query: string | undefined): Record<string, string> | undefined {
  const qualifiers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of (query ?? '').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals).toLowerCase();
    const value = decode(pair.slice(equals + 1));
    if (equals <= 0 || value === undefined || !/^[a-z.\-_][a-z0-9.\-_]*$/.test(key)) return undefined;
    if (value !== '') qualifiers[key] = value;
  }
  return qualifiers;
}

function cutLast(text: string, mark: string): [string, string | undefined] {
  const at = text.lastIndexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** `:` stays as it is; unreserved characters of RFC 3986 too. */
function encode(text: string): string {
  if (/^[A-Za-z0-9._~:-]*$/.test(text)) return text;
  return encodeURIComponent(toWellFormed(text))
    .replace(/[!'()*]/g, hex)
    .replace(/%3A/g, ':');
}

function encodeQualifier(text: string): string {
  return encode(text).replace(/%2F/g, '/').replace(/%2C/g, ',');
}

function hex(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

function toWellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed();
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
