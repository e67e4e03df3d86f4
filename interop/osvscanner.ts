// Findings of an image as osv-scanner gives them and as we do, and what tells the two apart.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Difference } from './differences.ts';
import { bin, data, peers, sh } from './peers.ts';
import { scanned, seaworthy } from './seaworthy.ts';

/** The shared zips in the layout that osv-scanner reads offline. */
function osvDatabase(): string {
  const place = join(peers, 'osv-db');
  for (const ecosystem of readdirSync(join(data, 'osv'), { withFileTypes: true })) {
    if (!ecosystem.isDirectory()) continue;
    const folder = join(place, 'osv-scalibr', ecosystem.name);
    mkdirSync(folder, { recursive: true });
    if (!existsSync(join(folder, 'all.zip')))
      copyFileSync(join(data, 'osv', ecosystem.name, 'all.zip'), join(folder, 'all.zip'));
  }
  return place;
}

interface OsvOutput {
  results: {
    packages: {
      package: { name: string; os_package_name?: string; version: string; ecosystem: string };
      vulnerabilities?: { id: string }[];
    }[];
  }[];
}

/** `NAME VERSION ADVISORY`: finer than by CVE, so equal sets of these are equal sets of those. */
export function byOsvScanner(layout: string, name: string): string[] {
  const archive = join(peers, 'images', `${name}.tar`);
  sh(
    `rm -f "${archive}"; skopeo copy -q "oci:${layout}:latest" "docker-archive:${archive}:interop/${name}:latest" >&2`,
  );
  const text = sh(
    `"${bin}/osv-scanner" scan image --archive "${archive}" --offline --local-db-path "${osvDatabase()}" --format json 2>/dev/null || [ $? -eq 1 ]`,
  );
  sh(`rm -f "${archive}"`);
  return (JSON.parse(text) as OsvOutput).results.flatMap(({ packages }) =>
    packages.flatMap(({ package: item, vulnerabilities }) =>
      (vulnerabilities ?? []).map(({ id }) => `${item.os_package_name ?? item.name} ${id}`),
    ),
  );
}

/** For what its image scan does not read: from our inventory as an SBOM, so that matching alone is compared. */
export function byOsvScannerOfSbom(layout: string, name: string): string[] {
  const file = join(peers, 'images', `${name}.cdx.json`);
  writeFileSync(file, seaworthy('sbom', `oci:${layout}`).stdout);
  return matchedByOsvScanner(file)
    .filter(({ ecosystem }) => ecosystem === 'NuGet')
    .map((match) => `${match.name} ${match.id}`);
}

/** What it finds for the packages of an SBOM. */
export function matchedByOsvScanner(
  file: string,
): { name: string; version: string; ecosystem: string; id: string }[] {
  const text = sh(
    `"${bin}/osv-scanner" scan source -L "${file}" --offline --local-db-path "${osvDatabase()}" --format json 2>/dev/null || [ $? -eq 1 ]`,
  );
  return (JSON.parse(text) as OsvOutput).results.flatMap(({ packages }) =>
    packages.flatMap(({ package: { name, version, ecosystem }, vulnerabilities }) =>
      (vulnerabilities ?? []).map(({ id }) => ({ name, version, ecosystem, id })),
    ),
  );
}

export function byUs(layout: string): string[] {
  return scanned(`oci:${layout}`)
    .findings.filter((finding) => finding.state !== 'not_affected')
    .flatMap((finding) => finding.advisories.map((id) => `${finding.name} ${id}`));
}

const sorted = (items: Iterable<string>) => [...new Set(items)].sort();

/** Fails with what is not listed, and with what is listed in vain. */
export function compare(name: string, ours: string[], theirs: string[], listed: readonly Difference[]): void {
  const us = new Set(ours);
  const them = new Set(theirs);
  const all = [
    ...sorted(ours.filter((key) => !them.has(key))).map((key) => ({ key, who: 'us' })),
    ...sorted(theirs.filter((key) => !us.has(key))).map((key) => ({ key, who: 'them' })),
  ];
  const unlisted = all.filter(({ key, who }) => !listed.some((rule) => rule.who === who && rule.fits(key)));
  const idle = listed.filter((rule) => !all.some(({ key, who }) => rule.who === who && rule.fits(key)));
  assert.deepEqual(unlisted.slice(0, 20), [], `${name}: ${unlisted.length} differences are not listed`);
  assert.deepEqual(
    idle.map(({ why }) => why),
    [],
    `${name}: listed, but no longer so`,
  );
}
