// A package of another producer's SBOM: its purl says most of what matching needs (purl-spec type definitions).
import type { FoundPackage, Package } from '../inventory/index.ts';
import { type OsRelease, type Purl, parsePurl } from '../package/index.ts';

/** Where the evidence lies, as far as the producer says. */
export interface Told {
  location?: string;
  layer?: string;
  /** Source package, where the purl does not say. */
  source?: { name: string; version?: string };
  modularity?: string;
  vendor?: string;
}

const osTypes = new Set(['deb', 'apk', 'rpm']);

/** Undefined for a purl that does not parse or names no version. */
export function packageFromPurl(
  text: string,
  told: Told,
): { item: Package; os: OsRelease | undefined } | undefined {
  const purl = parsePurl(text);
  if (purl?.version === undefined) return undefined;
  const found = foundPackage(purl, told);
  return {
    item: {
      ...found,
      purl: text,
      location: told.location ?? '',
      ...(told.layer ? { layer: told.layer } : {}),
      introducedBy: 'unknown',
    },
    os: osTypes.has(purl.type) ? osOf(purl) : undefined,
  };
}

function foundPackage(purl: Purl, told: Told): FoundPackage {
  const version = purl.version!;
  if (osTypes.has(purl.type)) return osPackage(purl, told);
  if (purl.type === 'golang')
    return { type: 'golang', name: purl.namespace ? `${purl.namespace}/${purl.name}` : purl.name, version };
  const name = purl.type === 'pypi' ? purl.name.toLowerCase().replace(/[-_.]+/g, '-') : purl.name;
  return { type: purl.type, ...(purl.namespace ? { namespace: purl.namespace } : {}), name, version };
}

function osPackage(purl: Purl, told: Told): FoundPackage {
  const { arch, epoch, upstream, rpmmod } = purl.qualifiers;
  const version =
    purl.type === 'rpm' && epoch !== undefined && epoch !== '0' ? `${epoch}:${purl.version}` : purl.version!;
  const source = sourceOf(upstream, version, epoch, told);
  const modularity = rpmmod ?? told.modularity;
  return {
    type: purl.type,
    name: purl.name,
    version,
    ...(arch ? { arch } : {}),
    source: source ?? { name: purl.name, version },
    ...(modularity ? { modularity } : {}),
    ...(told.vendor ? { vendor: told.vendor } : {}),
  };
}

/** `upstream` is NAME, NAME@VERSION, or a source rpm's file name, which has no epoch. */
function sourceOf(upstream: string | undefined, version: string, epoch: string | undefined, told: Told) {
  if (upstream === undefined)
    return told.source ? { name: told.source.name, version: told.source.version ?? version } : undefined;
  const rpm = /^(.+)-([^-]+-[^-]+)\.(?:src|nosrc)\.rpm$/.exec(upstream);
  if (rpm)
    return { name: rpm[1]!, version: epoch !== undefined && epoch !== '0' ? `${epoch}:${rpm[2]}` : rpm[2]! };
  const at = upstream.indexOf('@');
  return at > 0
    ? { name: upstream.slice(0, at), version: upstream.slice(at + 1) }
    : { name: upstream, version: told.source?.version ?? version };
}

/** `distro=debian-12`, `distro=opensuse-leap-15.5`. */
function osOf(purl: Purl): OsRelease | undefined {
  const distro = purl.qualifiers['distro'];
  if (distro === undefined) return undefined;
  const dash = distro.lastIndexOf('-');
  const versioned = dash > 0 && /^\d/.test(distro.slice(dash + 1));
  return versioned
    ? { id: distro.slice(0, dash), versionId: distro.slice(dash + 1), idLike: [] }
    : { id: distro, idLike: [] };
}
