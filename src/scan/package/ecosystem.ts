// From a distribution or a purl type to the OSV ecosystems whose advisories speak of it
// (OSV schema, "affected[].package.ecosystem").
import type { Distribution } from './distribution.ts';

export interface EcosystemToAsk {
  /** As in OSV records: `Debian:12`, `Ubuntu:22.04:LTS`. */
  name: string;
  /** A channel that the image may not have: what it fixes cannot be reached without it. */
  channel?: string;
}

const languages: Record<string, string> = {
  npm: 'npm',
  pypi: 'PyPI',
  maven: 'Maven',
  golang: 'Go',
  cargo: 'crates.io',
  nuget: 'NuGet',
  gem: 'RubyGems',
  composer: 'Packagist',
  pub: 'Pub',
  hex: 'Hex',
  cran: 'CRAN',
  bitnami: 'Bitnami',
};

/** The OSV ecosystem of a language's purl type. */
export function languageEcosystem(type: string): string | undefined {
  return Object.hasOwn(languages, type) ? languages[type] : undefined;
}

/** The name as that ecosystem's records are looked up by. */
export function ecosystemName(type: string, namespace: string | undefined, name: string): string {
  if (type === 'maven') return namespace ? `${namespace}:${name}` : name;
  if (type === 'npm') return namespace ? `${namespace}/${name}` : name;
  if (type === 'pypi') return name.toLowerCase().replace(/[-_.]+/g, '-');
  if (type === 'nuget' || type === 'composer')
    return (namespace ? `${namespace}/${name}` : name).toLowerCase();
  return namespace ? `${namespace}/${name}` : name;
}

/**
 * The ecosystems to ask for a distribution. `releases` are those of its base ecosystem that the database holds:
 * Red Hat and SUSE split a release over products, all of which a container may install from.
 */
export function distributionEcosystems(
  distribution: Distribution,
  releases: readonly string[],
): EcosystemToAsk[] {
  const { ecosystem, release } = distribution;
  if (ecosystem === undefined) return [];
  if (release === '')
    return [{ name: distribution.id === 'opensuse-tumbleweed' ? 'openSUSE:Tumbleweed' : ecosystem }];
  if (ecosystem === 'Ubuntu') return ubuntu(release);
  if (ecosystem === 'Red Hat') return redHat(release, releases);
  if (ecosystem === 'SUSE' || ecosystem === 'openSUSE') return suse(distribution, releases);
  return [{ name: `${ecosystem}:${release}` }];
}

/** Even years' April releases are LTS; Pro adds fixes that only an attached host reaches. */
function ubuntu(release: string): EcosystemToAsk[] {
  const [year, month] = release.split('.').map(Number);
  if (month !== 4 || year! % 2 !== 0) return [{ name: `Ubuntu:${release}` }];
  return [
    { name: `Ubuntu:${release}:LTS` },
    { name: `Ubuntu:Pro:${release}:LTS`, channel: 'Ubuntu Pro (ESM)' },
  ];
}

/** `enterprise_linux:9::baseos`, `…::appstream`, …; extended update support reaches hosts of that minor only. */
function redHat(version: string, releases: readonly string[]): EcosystemToAsk[] {
  const [major, minor] = version.split('.');
  const asked: EcosystemToAsk[] = [];
  for (const name of releases) {
    const [, product, stream] = name.split(':');
    if (product === 'enterprise_linux' && stream?.split('.')[0] === major) asked.push({ name });
    else if (/^rhel_(?:eus|e4s|aus|tus)$/.test(product ?? '') && stream !== undefined) {
      const [streamMajor, streamMinor] = stream.split('.');
      if (streamMajor === major && minor !== undefined && Number(streamMinor) >= Number(minor))
        asked.push({ name, channel: `Red Hat ${product!.slice(5).toUpperCase()} ${stream}` });
    }
  }
  return asked.length > 0 ? asked : [{ name: `Red Hat:enterprise_linux:${major}::baseos` }];
}

/** Products are named in full: `Linux Enterprise Server 15 SP5` and the modules of the same service pack. */
function suse(distribution: Distribution, releases: readonly string[]): EcosystemToAsk[] {
  if (distribution.ecosystem === 'openSUSE') return [{ name: `openSUSE:Leap ${distribution.release}` }];
  const product = distribution.name.replace(/^SUSE /, '');
  const pack = / (\d+(?: SP\d+)?)$/.exec(distribution.name)?.[1];
  const modules = releases.filter(
    (name) => pack !== undefined && /Module/.test(name) && name.endsWith(` ${pack}`),
  );
  const named = [`SUSE:${product}`, `SUSE:${distribution.name}`].filter(
    (name, i) => i === 0 || releases.includes(name),
  );
  return [...named, ...modules].map((name) => ({ name }));
}
