// Images whose packages stand exactly at, just below and just above the versions that real advisories name as fixes: what
// tells an order of versions that is nearly right from one that is right.
import type { Recipe } from './images.ts';
import { osRelease } from './recipes.ts';
import { fixesOf, spread } from './records.ts';

/** `NAME VERSION` lines: of each package a fix in the middle of its list, so that some flaws are fixed and some not. */
function chosen(
  feed: string,
  ecosystem: string,
  fits: (name: string, fixed: string) => boolean,
): [string, string][] {
  const rows = [...fixesOf(feed, ecosystem)].flatMap(([name, fixes]): [string, string][] => {
    const fitting = fixes.filter((fixed) => fits(name, fixed));
    const middle = fitting[fitting.length >> 1];
    return middle === undefined ? [] : [[name, middle]];
  });
  return spread(
    rows.sort(([a], [b]) => (a < b ? -1 : 1)),
    160,
  );
}

/** Every fourth package is a rebuild of its source: its own version is higher, its source's is the fix. */
function debian(): string {
  const lines = chosen(
    'Debian',
    'Debian:12',
    (name, fixed) =>
      /^[a-z0-9][a-z0-9+.-]+$/.test(name) && !/^linux\b/.test(name) && /^(?:\d+:)?\d/.test(fixed),
  ).map(([name, fixed], i) =>
    i % 4 === 3
      ? `${name} ${fixed}+b1 ${fixed}`
      : `${name} ${i % 4 === 0 ? fixed : i % 4 === 1 ? `${fixed}~1` : `${fixed}.1`} -`,
  );
  return `mkdir -p "$ROOT/var/lib/dpkg/info" "$ROOT/var/lib/dpkg/updates" "$ROOT/etc"; touch "$ROOT/var/lib/dpkg/status"
printf '${osRelease({ ID: 'debian', VERSION_ID: '12', VERSION_CODENAME: 'bookworm', PRETTY_NAME: 'Debian GNU/Linux 12 (bookworm)' })}\\n' > "$ROOT/etc/os-release"
while read -r name version source; do
  d="$WORK/$name"; mkdir -p "$d/DEBIAN" "$d/usr/share/$name"; echo x > "$d/usr/share/$name/file"
  printf 'Package: %s\\nVersion: %s\\nArchitecture: amd64\\nMaintainer: Debian Maintainers <packages@lists.debian.org>\\n' "$name" "$version" > "$d/DEBIAN/control"
  [ "$source" = - ] || printf 'Source: %s (%s)\\n' "$name" "$source" >> "$d/DEBIAN/control"
  printf 'Description: boundary\\n' >> "$d/DEBIAN/control"
  dpkg-deb -b --root-owner-group "$d" "$WORK/$name.deb" >/dev/null
done <<'LIST'
${lines.join('\n')}
LIST
dpkg --root="$ROOT" --force-all --log=/dev/null -i "$WORK"/*.deb >&2
rm -f "$ROOT"/var/lib/dpkg/lock* "$ROOT"/var/lib/dpkg/*-old`;
}

function rpms(feed: string, ecosystem: string, vendor: string, release: Record<string, string>): string {
  const lines = chosen(
    feed,
    ecosystem,
    (name, fixed) =>
      /^[A-Za-z0-9][\w.+-]+$/.test(name) &&
      /^(?:\d+:)?[\w.+~^]+-[\w.+~^]+$/.test(fixed) &&
      !/module/.test(fixed),
  ).map(([name, fixed], i) => {
    const [, epoch = '0', version, of] = /^(?:(\d+):)?([^-]+)-(.+)$/.exec(fixed)!;
    return `${name} ${epoch} ${version} ${of}${['', '~1', '.1'][i % 3]}`;
  });
  return `mkdir -p "$ROOT/var/lib/rpm" "$ROOT/etc"
printf '${osRelease(release)}\\n' > "$ROOT/etc/os-release"
while read -r name epoch version release; do
  printf 'Name: %s\\nVersion: %s\\nRelease: %s\\nEpoch: %s\\nSummary: boundary\\nLicense: MIT\\nVendor: ${vendor}\\nBuildArch: noarch\\n%%description\\nboundary\\n%%files\\n' "$name" "$version" "$release" "$epoch" > "$WORK/$name.spec"
  rpmbuild --quiet --define "_topdir $WORK/build" --define "_build_id_links none" -bb "$WORK/$name.spec" >/dev/null 2>&1
done <<'LIST'
${lines.join('\n')}
LIST
rpm --root "$ROOT" --define '_db_backend sqlite' --dbpath /var/lib/rpm -i --nodeps --noscripts --nosignature "$WORK"/build/RPMS/noarch/*.rpm
rm -f "$ROOT"/var/lib/rpm/.rpm.lock "$ROOT"/var/lib/rpm/*-wal "$ROOT"/var/lib/rpm/*-shm`;
}

export const boundaries: Record<string, Recipe> = {
  'debian-boundaries': { on: [], script: debian() },
  'alma-boundaries': {
    on: [],
    script: rpms('AlmaLinux', 'AlmaLinux:9', 'AlmaLinux', {
      ID: 'almalinux',
      VERSION_ID: '9.3',
      PRETTY_NAME: 'AlmaLinux 9.3 (Shamrock Pampas Cat)',
    }),
  },
  'azure-boundaries': {
    on: [],
    script: rpms('Azure Linux', 'Azure Linux:3', 'Microsoft Corporation', {
      ID: 'azurelinux',
      VERSION_ID: '3.0',
      PRETTY_NAME: 'Microsoft Azure Linux 3.0',
    }),
  },
};
