// Under which licence each advisory source publishes: osv.dev's list of data sources, and the sources' own pages.

const licences: Readonly<Record<string, string>> = {
  AlmaLinux: 'MIT',
  'Azure Linux': 'MIT',
  Bitnami: 'Apache-2.0',
  Chainguard: 'CC-BY-NC-ND-4.0',
  'crates.io': 'CC0-1.0 AND CC-BY-4.0',
  EPSS: 'free with attribution to FIRST',
  Go: 'CC-BY-4.0',
  KEV: 'CC0-1.0',
  Maven: 'CC-BY-4.0 AND Apache-2.0',
  npm: 'CC-BY-4.0 AND MIT',
  NuGet: 'CC-BY-4.0',
  Packagist: 'CC-BY-4.0 AND Unlicense',
  PyPI: 'CC-BY-4.0',
  'Red Hat': 'CC-BY-4.0',
  'Rocky Linux': 'BSD-3-Clause',
  RubyGems: 'CC-BY-4.0 AND public domain',
  SUSE: 'CC-BY-4.0',
  Ubuntu: 'CC-BY-SA-4.0',
  Wolfi: 'CC-BY-NC-ND-4.0',
};

/** An SPDX expression where there is one; `not stated` where the publisher names none (Debian, Alpine, …). */
export function licenceOf(feed: string): string {
  return Object.hasOwn(licences, feed) ? licences[feed]! : 'not stated';
}
