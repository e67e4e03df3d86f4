// Does a package URL that somebody wrote name a package that was found?
import { parsePurl } from '../package/index.ts';

/** Whether a pattern purl names a package: what the pattern leaves out is free. */
export function purlCovers(pattern: string, purl: string): boolean {
  const wanted = parsePurl(pattern);
  const found = parsePurl(purl);
  if (wanted === undefined || found === undefined) return false;
  if (
    wanted.type !== found.type ||
    wanted.name !== found.name ||
    (wanted.namespace ?? '') !== (found.namespace ?? '')
  )
    return false;
  if (wanted.version !== undefined && wanted.version !== found.version) return false;
  return Object.entries(wanted.qualifiers).every(([key, value]) => found.qualifiers[key] === value);
}
