// What the images are made of: old versions on purpose, so that there is something to find.
import { join } from 'node:path';
import type { Recipe } from './images.ts';
import { data } from './peers.ts';
import { fixesOf, spread } from './records.ts';

interface Row {
  name: string;
  fixed: string;
}

/** Packages with fixes in a release, from the data itself: each once, `count` of them spread over all. */
function rowsOf(feed: string, ecosystem: string, count: number, fits: (row: Row) => boolean): Row[] {
  const rows = [...fixesOf(feed, ecosystem)].flatMap(([name, fixes]) => {
    const fixed = fixes.find((version) => fits({ name, fixed: version }));
    return fixed === undefined ? [] : [{ name, fixed }];
  });
  return spread(
    rows.sort((a, b) => (a.name < b.name ? -1 : 1)),
    count,
  );
}

export const osRelease = (fields: Record<string, string>) =>
  Object.entries(fields)
    .map(([key, value]) => `${key}="${value}"`)
    .join('\\n');

/** Real .deb files of old versions, installed by dpkg. */
function oldDebian(): string {
  const rows = rowsOf(
    'Debian',
    'Debian:12',
    40,
    ({ name, fixed }) => /^[a-z0-9][a-z0-9+.-]+$/.test(name) && /^\d+\.\d+/.test(fixed),
  );
  const packages = rows.map(({ name, fixed }) => `${name} ${/^\d+:/.exec(fixed)?.[0] ?? ''}0.9-1`);
  return `mkdir -p "$ROOT/var/lib/dpkg/info" "$ROOT/var/lib/dpkg/updates" "$ROOT/etc"; touch "$ROOT/var/lib/dpkg/status"
printf '${osRelease({ ID: 'debian', VERSION_ID: '12', VERSION_CODENAME: 'bookworm', PRETTY_NAME: 'Debian GNU/Linux 12 (bookworm)' })}\\n' > "$ROOT/etc/os-release"
while read -r name version; do
  d="$WORK/$name"; mkdir -p "$d/DEBIAN" "$d/usr/share/$name"; echo x > "$d/usr/share/$name/file"
  printf 'Package: %s\\nVersion: %s\\nArchitecture: amd64\\nMaintainer: Debian Maintainers <packages@lists.debian.org>\\nDescription: old\\n' "$name" "$version" > "$d/DEBIAN/control"
  dpkg-deb -b --root-owner-group "$d" "$WORK/$name.deb" >/dev/null
done <<'LIST'
${packages.join('\n')}
LIST
dpkg --root="$ROOT" --force-all --log=/dev/null -i "$WORK"/*.deb >&2
rm -f "$ROOT"/var/lib/dpkg/lock* "$ROOT"/var/lib/dpkg/*-old`;
}

/** Real .rpm files of old versions, built by rpmbuild and installed by rpm into a SQLite database. */
function oldRpms(feed: string, ecosystem: string, vendor: string, release: Record<string, string>): string {
  const rows = rowsOf(
    feed,
    ecosystem,
    30,
    ({ name, fixed }) => /^[A-Za-z0-9][\w.+-]+$/.test(name) && !/module/.test(fixed),
  );
  const packages = rows.map(({ name, fixed }) => `${name} ${/^(\d+):/.exec(fixed)?.[1] ?? '0'}`);
  return `mkdir -p "$ROOT/var/lib/rpm" "$ROOT/etc"
printf '${osRelease(release)}\\n' > "$ROOT/etc/os-release"
while read -r name epoch; do
  printf 'Name: %s\\nVersion: 0.1\\nRelease: 1.old\\nEpoch: %s\\nSummary: old\\nLicense: MIT\\nVendor: ${vendor}\\nBuildArch: noarch\\n%%description\\nold\\n%%install\\nmkdir -p %%{buildroot}/usr/share/%s\\necho x > %%{buildroot}/usr/share/%s/file\\n%%files\\n/usr/share/%s\\n' "$name" "$epoch" "$name" "$name" "$name" > "$WORK/$name.spec"
  rpmbuild --quiet --define "_topdir $WORK/build" --define "_build_id_links none" -bb "$WORK/$name.spec" >/dev/null 2>&1
done <<'LIST'
${packages.join('\n')}
LIST
rpm --root "$ROOT" --define '_db_backend sqlite' --dbpath /var/lib/rpm -i --nodeps --noscripts --nosignature "$WORK"/build/RPMS/noarch/*.rpm
rm -f "$ROOT"/var/lib/rpm/.rpm.lock "$ROOT"/var/lib/rpm/*-wal "$ROOT"/var/lib/rpm/*-shm`;
}

/** Packages of NuGet that the shared records know; the last is exactly at its fix. */
export const nuget: readonly string[] = [
  'Newtonsoft.Json/12.0.3',
  'System.Text.Encodings.Web/4.5.0',
  'jQuery/1.6.2',
  'Microsoft.Data.SqlClient/2.1.0',
  'System.Data.SqlClient/4.8.5',
  'BouncyCastle.Cryptography/2.2.1',
  'BouncyCastle/1.8.6',
  'Google.Protobuf/3.14.0',
  'System.Text.Json/8.0.3',
  'Microsoft.Build.Tasks.Core/17.8.0',
  'Microsoft.AspNetCore.Components/6.0.1',
  'System.IO.Packaging/8.0.0',
  'System.Security.Cryptography.Cose/8.0.0',
  'System.Formats.Asn1/7.0.0',
  'Microsoft.IO.Redist/6.0.0',
  'System.Formats.Nrbf/9.0.0-rc.1.24431.7',
  'Microsoft.Bcl.Memory/9.0.0',
  'BTCPayServer.Client/1.7.3',
  'Microsoft.Build/17.8.43',
];

/** As `dotnet publish` writes it, with the application itself as a project. */
function depsJson(): string {
  const target = '.NETCoreApp,Version=v8.0';
  const runtime = (name: string) => ({ runtime: { [`lib/net8.0/${name}.dll`]: {} } });
  return JSON.stringify({
    runtimeTarget: { name: target, signature: '' },
    targets: {
      [target]: {
        'app/1.0.0': {
          dependencies: Object.fromEntries(nuget.map((item) => item.split('/'))),
          ...runtime('app'),
        },
        ...Object.fromEntries(nuget.map((item) => [item, runtime(item.split('/')[0]!)])),
      },
    },
    libraries: {
      'app/1.0.0': { type: 'project', serviceable: false, sha512: '' },
      ...Object.fromEntries(nuget.map((item) => [item, { type: 'package', serviceable: true, sha512: '' }])),
    },
  });
}

const fixtures = join(data, 'fixtures');

export const recipes: Record<string, Recipe> = {
  debian: {
    on: [],
    script: `debootstrap --variant=minbase bookworm "$ROOT" >&2; rm -rf "$ROOT"/var/cache/apt/archives/*.deb "$ROOT"/var/lib/apt/lists/* "$ROOT"/dev/*`,
  },
  'debian-old': { on: [], script: oldDebian() },
  alma: {
    on: [],
    script: oldRpms('AlmaLinux', 'AlmaLinux:9', 'AlmaLinux', {
      ID: 'almalinux',
      VERSION_ID: '9.3',
      PRETTY_NAME: 'AlmaLinux 9.3 (Shamrock Pampas Cat)',
    }),
  },
  azure: {
    on: [],
    script: oldRpms('Azure Linux', 'Azure Linux:3', 'Microsoft Corporation', {
      ID: 'azurelinux',
      VERSION_ID: '3.0',
      PRETTY_NAME: 'Microsoft Azure Linux 3.0',
    }),
  },
  sle: {
    on: [],
    script: `mkdir -p "$ROOT/etc"; cp -r "${fixtures}/rpm/sle15-sqlite/var" "$ROOT/"; printf '${osRelease({ ID: 'sles', VERSION_ID: '15.3', PRETTY_NAME: 'SUSE Linux Enterprise Server 15 SP3' })}\\n' > "$ROOT/etc/os-release"`,
  },
  ...Object.fromEntries(
    ['3.10.2', '3.16.2', '3.18.0'].map((version) => [
      `alpine-${version}`,
      { on: [], script: `cp -r "${fixtures}/apk/alpine-${version}/." "$ROOT/"; chmod -R u+w "$ROOT"` },
    ]),
  ),
  node: {
    on: ['debian'],
    script: `mkdir -p "$ROOT/srv/app"; cd "$ROOT/srv/app"; echo '{"name":"app","version":"1.0.0","private":true}' > package.json
npm install --no-audit --no-fund --ignore-scripts lodash@4.17.15 ws@7.4.5 minimist@1.2.0 handlebars@4.5.2 express@4.16.0 jquery@3.3.1 marked@0.3.5 mustache@2.2.0 serialize-javascript@1.7.0 node-fetch@2.6.0 axios@0.21.0 tar@4.4.1 next@12.1.0 ejs@2.7.4 semver@5.3.0 json5@1.0.1 >&2`,
  },
  python: {
    on: ['debian'],
    script: `pip install -q --no-compile --no-deps --target "$ROOT/usr/local/lib/python3.11/site-packages" Django==3.2.0 Jinja2==2.11.2 requests==2.19.1 urllib3==1.24.1 Flask==0.12.4 Werkzeug==0.15.3 Pillow==9.3.0 certifi==2022.9.24 tornado==6.1 aiohttp==3.8.4 sqlparse==0.4.3 cryptography==39.0.0 idna==3.6 Mako==1.2.1 >&2`,
  },
  java: {
    on: ['debian'],
    script: `mkdir -p "$ROOT/opt/app"; cd "$WORK"
cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>interop</groupId><artifactId>app</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.14.1</version></dependency>
<dependency><groupId>com.fasterxml.jackson.core</groupId><artifactId>jackson-databind</artifactId><version>2.9.8</version></dependency>
<dependency><groupId>org.yaml</groupId><artifactId>snakeyaml</artifactId><version>1.29</version></dependency>
<dependency><groupId>org.apache.tomcat.embed</groupId><artifactId>tomcat-embed-core</artifactId><version>9.0.60</version></dependency>
<dependency><groupId>commons-collections</groupId><artifactId>commons-collections</artifactId><version>3.2.1</version></dependency>
</dependencies></project>
POM
mvn -q -B dependency:copy-dependencies -DoutputDirectory="$WORK/BOOT-INF/lib" >&2
mvn -B dependency:list 2>/dev/null | grep -oE '[a-zA-Z0-9._-]+:[a-zA-Z0-9._-]+:jar:[^: ]+' | sort -u > "$ROOT/../maven.txt"
jar cf0 "$ROOT/opt/app/app.jar" BOOT-INF`,
  },
  go: {
    on: ['debian'],
    script: `mkdir -p "$ROOT/usr/local/bin"; cd "$WORK"
cat > main.go <<'GO'
package main

import (
	"fmt"

	"github.com/dgrijalva/jwt-go"
	"github.com/gogo/protobuf/proto"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/html"
	"golang.org/x/net/http2"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v2"
)

func main() {
	_, err := language.Parse("en")
	fmt.Println(err, html.EscapeString("x"), http2.ErrCodeNo, ssh.KeyAlgoRSA, jwt.SigningMethodHS256, yaml.Unmarshal(nil, nil), proto.Bool(true))
}
GO
cat > go.mod <<'MOD'
module example.com/interop

go 1.20

require (
	github.com/dgrijalva/jwt-go v3.2.0+incompatible
	github.com/gogo/protobuf v1.2.1
	golang.org/x/crypto v0.0.0-20200220183623-bac4c82f6975
	golang.org/x/net v0.0.0-20200226121028-0de0cce0169b
	golang.org/x/text v0.3.2
	gopkg.in/yaml.v2 v2.2.1
)
MOD
go mod tidy >&2; CGO_ENABLED=0 go build -o "$ROOT/usr/local/bin/app" . >&2`,
  },
  rust: {
    on: ['debian'],
    script: `mkdir -p "$ROOT/usr/local/bin" "$WORK/src"; cd "$WORK"
echo 'fn main() { println!("{}", regex::Regex::new("a").is_ok()); }' > src/main.rs
cat > Cargo.toml <<'TOML'
[package]
name = "interop"
version = "0.1.0"
edition = "2018"
[dependencies]
regex = "=1.5.4"
time = "=0.1.43"
chrono = "=0.4.19"
smallvec = "=1.6.0"
thread_local = "=1.1.3"
hyper = { version = "=0.14.9", features = ["full"] }
tokio = { version = "=1.8.0", features = ["full"] }
h2 = "=0.3.3"
bumpalo = "=3.10.0"
idna = "=0.2.3"
atty = "=0.2.14"
tar = { version = "=0.4.30", default-features = false }
nix = "=0.20.0"
lock_api = "=0.4.1"
generic-array = "=0.12.3"
owning_ref = "=0.4.1"
remove_dir_all = "=0.5.3"
TOML
PATH="$PEERS/bin:$PATH" CARGO_TARGET_DIR="$WORK/target" cargo auditable -q build --release >&2
cargo metadata --format-version 1 > "$ROOT/../cargo.json"; cargo tree -e normal --prefix none --format '{p}' | sort -u > "$ROOT/../cargo-tree.txt"
cp "$WORK/target/release/interop" "$ROOT/usr/local/bin/tool"`,
  },
  dotnet: {
    on: ['debian'],
    // The format of a published application; the .NET SDK is not to be had here.
    script: `mkdir -p "$ROOT/opt/net"; cat > "$ROOT/opt/net/app.deps.json" <<'JSON'
${depsJson()}
JSON`,
  },
};
