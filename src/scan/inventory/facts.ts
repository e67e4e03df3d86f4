// Which paths of a layer decide later whether the image can be moved to another base.

const databases = [
  'var/lib/dpkg/',
  'usr/lib/dpkg/',
  'lib/apk/db/',
  'usr/lib/apk/db/',
  'var/lib/rpm/',
  'usr/lib/sysimage/rpm/',
  'usr/share/rpm/',
  'var/lib/rpmmanifest/',
] as const;

/** Whether a path belongs to an OS package database. */
export function isPackageDatabase(path: string): boolean {
  // Four first letters cover the table: most paths of a layer end here.
  const first = path.charCodeAt(0);
  if (first !== 0x76 && first !== 0x75 && first !== 0x6c) return false;
  return databases.some((prefix) => path.startsWith(prefix));
}

/** Whether a path is the dynamic linker, its configuration or its cache (ld.so(8), musl's ld-musl). */
export function isLinkerPath(path: string): boolean {
  if (path.startsWith('etc/ld')) return path.startsWith('etc/ld.so.') || path.startsWith('etc/ld-musl-');
  const slash = path.lastIndexOf('/');
  return path.startsWith('ld-', slash + 1) && (path.startsWith('lib') || path.startsWith('usr/lib'));
}
