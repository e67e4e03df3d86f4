// Version orders, one file each, by the ecosystem names that OSV uses.
import { apk } from './apk.ts';
import { deb } from './deb.ts';
import { go } from './go.ts';
import { maven } from './maven.ts';
import { nuget } from './nuget.ts';
import type { VersionOrder } from './order.ts';
import { pep440 } from './pep440.ts';
import { rpm } from './rpm.ts';
import { crates, npm } from './semver.ts';

export { compareToBound, compareVersions, parseVersion, type VersionOrder } from './order.ts';

const orders = new Map<string, VersionOrder>([
  ['Debian', deb],
  ['Ubuntu', deb],
  ['Echo', deb],
  ['Alpine', apk],
  ['Wolfi', apk],
  ['Chainguard', apk],
  ['MinimOS', apk],
  ['Alpaquita', apk],
  ['Red Hat', rpm],
  ['AlmaLinux', rpm],
  ['Rocky Linux', rpm],
  ['Oracle Linux', rpm],
  ['Amazon Linux', rpm],
  ['SUSE', rpm],
  ['openSUSE', rpm],
  ['Azure Linux', rpm],
  ['Photon OS', rpm],
  ['Mageia', rpm],
  ['openEuler', rpm],
  ['npm', npm],
  ['crates.io', crates],
  ['PyPI', pep440],
  ['Maven', maven],
  ['Go', go],
  ['NuGet', nuget],
]);

/** By the ecosystem's OSV name, with or without a release (`Debian`, `Debian:12`); undefined: none yet. */
export function orderOf(ecosystem: string): VersionOrder | undefined {
  const colon = ecosystem.indexOf(':');
  return orders.get(colon < 0 ? ecosystem : ecosystem.slice(0, colon));
}
