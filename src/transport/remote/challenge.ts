// WWW-Authenticate: which schemes a registry would accept (RFC 9110 section 11.6.1).

export interface Challenge {
  /** Lower case: bearer, basic. */
  scheme: string;
  /** Names in lower case. */
  params: ReadonlyMap<string, string>;
}

const longestHeader = 8 << 10;

/** The challenges of a header, in order; what does not parse ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const text = header.slice(0, longestHeader);
  const found: { scheme: string; params: Map<string, string> }[] = [];
  const token = /\s*,?\s*([A-Za-z0-9!#$%&'*+.^_`|~-]+)/y;
  const value = /\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y;
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at;
    const name = token.exec(text)?.[1];
    if (name === undefined) break;
    at = token.lastIndex;
    value.lastIndex = at;
    const match = value.exec(text);
    if (match === null) {
      found.push({ scheme: name.toLowerCase(), params: new Map() });
      continue;
    }
    at = value.lastIndex;
    found.at(-1)?.params.set(name.toLowerCase(), match[2] ?? (match[1] ?? '').replace(/\\(.)/g, '$1'));
  }
  return found;
}
