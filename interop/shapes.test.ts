// The shapes that package evidence comes in: the three databases of rpm, and archives of Java within each other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { layerOf, layoutOf, type Recipe } from './images.ts';
import { data } from './peers.ts';
import { osRelease } from './recipes.ts';
import { scanned } from './seaworthy.ts';

const fixtures = join(data, 'fixtures', 'rpm');
const sles = osRelease({
  ID: 'sles',
  VERSION_ID: '15.3',
  PRETTY_NAME: 'SUSE Linux Enterprise Server 15 SP3',
});
const rhel = osRelease({
  ID: 'rhel',
  VERSION_ID: '8.8',
  PRETTY_NAME: 'Red Hat Enterprise Linux 8.8 (Ootpa)',
});

function rpmRoot(copy: string, release: string): Recipe {
  return { on: [], script: `mkdir -p "$ROOT/etc"; ${copy}; printf '${release}\\n' > "$ROOT/etc/os-release"` };
}

const place = '"$ROOT/usr/lib/sysimage/rpm"';
const recipes: Record<string, Recipe> = {
  'sle15-sqlite': rpmRoot(`cp -r "${fixtures}/sle15-sqlite/var" "$ROOT/"`, sles),
  'sle15-ndb': rpmRoot(`mkdir -p ${place}; cp "${fixtures}/sle15-ndb/Packages.db" ${place}`, sles),
  'libuuid-bdb': rpmRoot(
    `mkdir -p "$ROOT/var/lib/rpm"; cp "${fixtures}/libuuid-bdb/Packages" "$ROOT/var/lib/rpm/"`,
    rhel,
  ),
  'java-nested': {
    on: [],
    script: `mkdir -p "$ROOT/opt" "$WORK/lib"; cd "$WORK"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>interop</groupId><artifactId>nested</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.14.1</version></dependency>
<dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.9.8</version></dependency>
<dependency><groupId>commons-io</groupId><artifactId>commons-io</artifactId><version>2.6</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory="$WORK/lib" >&2
mkdir -p war/WEB-INF/lib shaded; cp lib/log4j-core-*.jar lib/log4j-api-*.jar war/WEB-INF/lib/
jar cf app.war -C war .
for j in lib/jackson-*.jar lib/commons-io-*.jar; do (cd shaded && jar xf "../$j"); done
jar cf shaded.jar -C shaded .
mkdir ear && cp app.war shaded.jar ear/ && jar cf "$ROOT/opt/all.ear" -C ear .`,
  },
};

const result = (name: string) => scanned(`oci:${layoutOf(`image-${name}`, [layerOf(name, recipes)])}`);
const sorted = (items: Iterable<string>) => [...items].sort();

for (const name of ['sle15-sqlite', 'sle15-ndb', 'libuuid-bdb'])
  test(`${name}: every column as rpm -qa gave it, and undecided for want of rows`, () => {
    const expected = readFileSync(join(fixtures, name, 'expected.rpm-qa.psv'), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('|') as [string, string, string, string, string, string, string, string])
      .filter(([pkg]) => pkg !== 'gpg-pubkey')
      .map(([pkg, epoch, version, release, arch, source, vendor, module]) =>
        [
          pkg,
          `${epoch === '0' || epoch === '(none)' ? '' : `${epoch}:`}${version}-${release}`,
          arch,
          source.replace(/-[^-]+-[^-]+\.src\.rpm$/, ''),
          vendor,
          module,
        ].join('|'),
      );
    const { packages, undecided, findings } = result(name);
    const found = packages.map((item) =>
      [item.name, item.version, item.arch, item.source?.name, item.vendor, item.modularity ?? '(none)'].join(
        '|',
      ),
    );
    assert.deepEqual(sorted(found), sorted(expected));
    assert.deepEqual(findings, []);
    assert.ok(
      undecided.some(({ code }) => code === 'no-advisories'),
      JSON.stringify(undecided),
    );
  });

test('a war in an ear, and a jar of unpacked jars: each package with the way to it', () => {
  const { packages, findings } = result('java-nested');
  assert.deepEqual(
    sorted(packages.map((item) => `${item.namespace}:${item.name} ${item.version} ${item.location}`)),
    [
      'com.fasterxml.jackson.core:jackson-annotations 2.9.0 opt/all.ear!/shaded.jar!/META-INF/maven/com.fasterxml.jackson.core/jackson-annotations/pom.properties',
      'com.fasterxml.jackson.core:jackson-core 2.9.8 opt/all.ear!/shaded.jar!/META-INF/maven/com.fasterxml.jackson.core/jackson-core/pom.properties',
      'com.fasterxml.jackson.core:jackson-databind 2.9.8 opt/all.ear!/shaded.jar!/META-INF/maven/com.fasterxml.jackson.core/jackson-databind/pom.properties',
      'commons-io:commons-io 2.6 opt/all.ear!/shaded.jar!/META-INF/maven/commons-io/commons-io/pom.properties',
      'org.apache.logging.log4j:log4j-api 2.14.1 opt/all.ear!/app.war!/WEB-INF/lib/log4j-api-2.14.1.jar',
      'org.apache.logging.log4j:log4j-core 2.14.1 opt/all.ear!/app.war!/WEB-INF/lib/log4j-core-2.14.1.jar',
    ],
  );
  const of = (name: string) =>
    new Set(findings.filter((finding) => finding.name === name).map(({ id }) => id));
  assert.ok(
    of('log4j-core').has('CVE-2021-44228') || of('org.apache.logging.log4j:log4j-core').has('CVE-2021-44228'),
  );
});
