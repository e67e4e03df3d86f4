// Every language at the edges of real ranges: one SBOM of packages that stand at, before and after the versions that the
// records name, matched by us and by osv-scanner.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Difference } from './differences.ts';
import { compare, matchedByOsvScanner } from './osvscanner.ts';
import { commitRanges, edgesOf, spread } from './records.ts';
import { scanned } from './seaworthy.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-ranges-'));
after(() => rmSync(work, { recursive: true, force: true }));

const escaped = (text: string) => text.split('/').map(encodeURIComponent).join('/');

/** How each ecosystem writes a package, and what it writes before and after a version. */
const ecosystems: Record<
  string,
  {
    purl: (name: string, version: string) => string;
    more: (v: string) => string[];
    strict?: true;
    differing: string[];
  }
> = {
  npm: {
    purl: (name, version) => `pkg:npm/${escaped(name)}@${encodeURIComponent(version)}`,
    more: (v) => [`${v}-rc.1`, `${v}-0`],
    strict: true,
    differing: ['bounds'],
  },
  PyPI: {
    purl: (name, version) => `pkg:pypi/${escaped(name)}@${encodeURIComponent(version)}`,
    more: (v) => [`${v}rc1`, `${v}.post1`, `${v}.dev1`, `${v}+local`],
    differing: ['commits', 'pypi'],
  },
  Maven: {
    purl: (name, version) => `pkg:maven/${escaped(name.replace(':', '/'))}@${encodeURIComponent(version)}`,
    more: (v) => [`${v}-SNAPSHOT`, `${v}-rc1`, `${v}.1`, `${v}-jre`],
    differing: ['qualifiers', 'qualifiers after', 'lists'],
  },
  Go: {
    purl: (name, version) => `pkg:golang/${escaped(name)}@v${encodeURIComponent(version)}`,
    more: (v) => [`${v}-rc.1`, `${v}-0.20200101000000-0123456789ab`],
    strict: true,
    differing: ['windows', 'capitals'],
  },
  'crates.io': {
    purl: (name, version) => `pkg:cargo/${escaped(name)}@${encodeURIComponent(version)}`,
    more: (v) => [`${v}-rc.1`, `${v}+build`],
    strict: true,
    differing: ['bounds'],
  },
  NuGet: {
    purl: (name, version) => `pkg:nuget/${escaped(name)}@${encodeURIComponent(version)}`,
    more: (v) => [`${v}-rc.1`, `${v}.0`, `${v}.1`],
    differing: ['nuget'],
  },
};

/** At most this many of each ecosystem: two minutes of osv-scanner otherwise. */
const most = 1500;

/** What is no whole semantic version is unorderable to us, and so undecided; commits are no versions to anybody. */
const whole = /^\d+\.\d+\.\d+(?:-[\w.-]+)?$/;
const loose = /^\d[\w.+-]{0,30}$/;

for (const [ecosystem, { purl, more, strict, differing }] of Object.entries(ecosystems))
  test(`${ecosystem}: at the edges of ranges the findings are osv-scanner’s`, () => {
    const packages = [...edgesOf(ecosystem, ecosystem)]
      .filter(([name]) => /^[@\w./:-]+$/.test(name) && name !== 'stdlib' && name !== 'toolchain')
      .flatMap(([name, edges]) =>
        edges
          .filter((edge) => edge !== '0' && (strict ? whole : loose).test(edge))
          .flatMap((edge) => [edge, ...(/[-+a-z]/i.test(edge) ? [] : more(edge))])
          .map((version) => ({ name, version, purl: purl(name, version) })),
      );
    const behindCommits = commitRanges(ecosystem);
    const file = join(work, `${ecosystem}.cdx.json`);
    writeFileSync(
      file,
      JSON.stringify({
        bomFormat: 'CycloneDX',
        specVersion: '1.5',
        version: 1,
        components: spread(packages, most)
          .slice(0, most)
          .map((item) => ({ type: 'library', 'bom-ref': item.purl, ...item })),
      }),
    );
    const { findings, undecided } = scanned(`sbom:${file}`);
    const keysOf = (wanted: string) =>
      findings
        .filter(({ state }) => state === wanted)
        .flatMap(({ purl: of, advisories }) => advisories.map((id) => `${of.toLowerCase()} ${id}`));
    const theirs = matchedByOsvScanner(file).map(
      ({ name, version, id }) => `${purl(name, version).toLowerCase()} ${id}`,
    );
    const elsewhere = new Set(keysOf('not_affected'));
    const notUnderstood = undecided
      .filter(({ code }) => code === 'range-unknown')
      .map(({ message }) => message);
    const capitals = new Set(
      packages.filter((item) => /[A-Z]/.test(item.name)).map((item) => item.purl.toLowerCase()),
    );
    const idOf = (key: string) => key.slice(key.indexOf(' ') + 1);
    const rules: Record<string, Difference> = {
      commits: {
        who: 'us',
        fits: (key) => behindCommits.has(idOf(key)),
        why: 'osv-scanner leaves a record at its range of commits; the range of versions behind it holds the version',
      },
      windows: {
        who: 'them',
        fits: (key) => elsewhere.has(key),
        why: 'the record is of Windows alone: not_affected, shown',
      },
      bounds: {
        who: 'them',
        fits: (key) => notUnderstood.some((message) => message.includes(idOf(key))),
        why: 'a bound of the record is no semantic version (13.0, 3.0.RC3): undecided range-unknown, by its id',
      },
      capitals: {
        who: 'us',
        fits: (key) => capitals.has(key.slice(0, key.indexOf(' '))),
        why: 'purls of Go in lower case lose the module’s name there: it is kept as written',
      },
      nuget: {
        who: 'us',
        fits: (key) => /^pkg:nuget\/jquery@/.test(key),
        why: 'the records say jquery and jQuery: NuGet’s names do not tell case apart',
      },
      pypi: {
        who: 'us',
        fits: (key) => / GHSA-87hc-h4r5-73f7$/.test(key),
        why: 'the record says Werkzeug: names are compared after PEP 503',
      },
      qualifiers: {
        who: 'us',
        fits: (key) => /-(?:m1|rc1|jre|snapshot) /.test(key),
        why: 'Maven reads .M1 and .Alpha1 as milestone and alpha, which are -M1 and stand before -rc1, -SNAPSHOT and -jre',
      },
      lists: {
        who: 'us',
        fits: (key) => /\/spring-security-oauth2@2\.[12]\.\d CVE-201[89]-/.test(key),
        why: 'a record of a list alone is read by the order: 2.1.0 is 2.1.0.RELEASE to Maven',
      },
      'qualifiers after': {
        who: 'them',
        fits: (key) => /-rc1 GHSA-(?:p26g-97m4-6q7c|qmgj-5h75-jr67)$/.test(key),
        why: 'Maven reads .beta0 and .beta16 as betas, which stand before -rc1',
      },
    };
    compare(
      ecosystem,
      keysOf('affected'),
      theirs,
      differing.map((name) => rules[name]!),
    );
    assert.ok(theirs.length >= 20);
  });
