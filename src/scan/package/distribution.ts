// Which distribution an os-release names, and by what its packages are matched
// (research of every scanner's rules: name and version to compare, per distribution).
import type { OsRelease } from './osrelease.ts';

/** Whose name and version advisories of a distribution speak of. */
export type MatchBy = 'source' | 'binary';

export interface Distribution {
  /** os-release ID, lower-case. */
  id: string;
  /** What a person calls it. */
  name: string;
  /** The release as the distribution's rules write it: `12`, `v3.18`, `22.04`, `9`; '' for rolling ones. */
  release: string;
  packageType: 'deb' | 'apk' | 'rpm';
  /** Namespace of its purls. */
  namespace: string;
  matchBy: MatchBy;
  /** Base name of its OSV ecosystem; absent when OSV publishes none. */
  ecosystem?: string;
  /** Whose packages are its own: matched against rpm's Vendor, or the domain of deb's Maintainer. */
  own: RegExp;
}

interface Rule {
  packageType: Distribution['packageType'];
  namespace: string;
  matchBy: MatchBy;
  ecosystem?: string;
  own: RegExp;
  release(os: OsRelease): string | undefined;
}

const major = (os: OsRelease) => /^(\d+)/.exec(os.versionId ?? '')?.[1];
const majorMinor = (os: OsRelease) => /^(\d+\.\d+)/.exec(os.versionId ?? '')?.[1];
const whole = (os: OsRelease) => os.versionId;
const rolling = () => '';

const deb = (ecosystem: string, own: RegExp, release: Rule['release']): Rule => ({
  packageType: 'deb',
  namespace: ecosystem.toLowerCase(),
  matchBy: 'source',
  ecosystem,
  own,
  release,
});
const apk = (ecosystem: string, matchBy: MatchBy, release: Rule['release']): Rule => ({
  packageType: 'apk',
  namespace: ecosystem.toLowerCase(),
  matchBy,
  ecosystem,
  own: /^/,
  release,
});
const rpm = (
  namespace: string,
  ecosystem: string | undefined,
  own: RegExp,
  release: Rule['release'],
  matchBy: MatchBy = 'binary',
): Rule => ({ packageType: 'rpm', namespace, matchBy, ...(ecosystem ? { ecosystem } : {}), own, release });

/** Debian's and Ubuntu's own packages are maintained from these domains (docs/matching.md says how sure that is). */
const debianOwn = /@(?:[a-z0-9-]+\.)*(?:debian\.org|alioth-lists\.debian\.net)>?\s*$/i;
const ubuntuOwn = /@(?:[a-z0-9-]+\.)*(?:ubuntu\.com|canonical\.com|debian\.org)>?\s*$/i;

const rules: Record<string, Rule> = {
  debian: deb(
    'Debian',
    debianOwn,
    (os) => major(os) ?? (os.versionCodename === 'sid' || os.versionId === undefined ? 'sid' : undefined),
  ),
  ubuntu: deb('Ubuntu', ubuntuOwn, majorMinor),
  alpine: apk('Alpine', 'source', alpineRelease),
  wolfi: apk('Wolfi', 'binary', rolling),
  chainguard: apk('Chainguard', 'binary', rolling),
  minimos: apk('MinimOS', 'binary', rolling),
  rhel: rpm('redhat', 'Red Hat', /^Red Hat/i, whole),
  centos: rpm('centos', 'Red Hat', /^(?:CentOS|Red Hat)/i, whole),
  almalinux: rpm('almalinux', 'AlmaLinux', /^AlmaLinux/i, major),
  rocky: rpm('rocky-linux', 'Rocky Linux', /^Rocky/i, major),
  ol: rpm('oracle', undefined, /^Oracle/i, major),
  amzn: rpm('amazon', undefined, /^Amazon/i, whole),
  sles: rpm('suse', 'SUSE', /^SUSE/i, whole),
  'opensuse-leap': rpm('opensuse', 'openSUSE', /^(?:openSUSE|SUSE)/i, whole),
  'opensuse-tumbleweed': rpm('opensuse', 'openSUSE', /^(?:openSUSE|SUSE)/i, rolling),
  photon: rpm('photon', 'Photon OS', /^(?:VMware|Broadcom)/i, whole, 'source'),
  azurelinux: rpm('azure-linux', 'Azure Linux', /^Microsoft/i, major, 'source'),
  mariner: rpm('mariner', 'Azure Linux', /^Microsoft/i, major, 'source'),
  mageia: rpm('mageia', 'Mageia', /^Mageia/i, major, 'source'),
  openeuler: rpm('openeuler', 'openEuler', /^(?:openEuler|http:\/\/openeuler\.org)/i, openEulerRelease),
};

/**
 * Undefined for a distribution without rules, or whose os-release does not name a release that its rules need:
 * both are the undecided `unsupported-distribution`. ID must be exact: ID_LIKE is never followed, since a
 * derivative's version numbers are its own.
 */
export function distributionOf(os: OsRelease): Distribution | undefined {
  const id = os.id.toLowerCase();
  const rule = Object.hasOwn(rules, id) ? rules[id] : undefined;
  const release = rule?.release(os);
  if (rule === undefined || release === undefined) return undefined;
  const { packageType, namespace, matchBy, ecosystem, own } = rule;
  const name = os.prettyName ?? `${os.name ?? os.id} ${os.versionId ?? ''}`.trim();
  return { id, name, release, packageType, namespace, matchBy, ...(ecosystem ? { ecosystem } : {}), own };
}

/** `3.18.0` is branch v3.18; `3.19_alpha20230901` and others without a final version are edge. */
function alpineRelease(os: OsRelease): string | undefined {
  const version = os.versionId ?? '';
  if (/^\d+\.\d+(?:\.\d+)?$/.test(version)) return `v${/^\d+\.\d+/.exec(version)![0]}`;
  return /^edge$|_alpha|_pre/.test(version) ? 'edge' : undefined;
}

/** `openEuler 22.03 (LTS-SP1)` is `22.03-LTS-SP1`. */
function openEulerRelease(os: OsRelease): string | undefined {
  const found = /(\d+\.\d+)(?:\s*\(([\w-]+)\))?/.exec(os.prettyName ?? os.versionId ?? '');
  return found ? (found[2] ? `${found[1]}-${found[2]}` : found[1]) : undefined;
}
