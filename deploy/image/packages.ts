// The few Debian packages that Node needs, unpacked into a root file system with the records by which scanners and
// people see them.
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** base-files says which distribution it is; ca-certificates is what registries are trusted by. */
export const packages = [
  'base-files',
  'ca-certificates',
  'libatomic1',
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  'netbase',
] as const;

/** libgcc and libstdc++ depend on it; it holds their copyright. Its name carries the compiler's version. */
const compilerBase = /^gcc-\d+-base$/;

export interface Unpacked {
  name: string;
  version: string;
}

/** Downloads with this machine's apt, so from the distribution and the mirror that it is set up for. */
export function unpackPackages(root: string, work: string): Unpacked[] {
  const base = dependencyOf('libgcc-s1', compilerBase);
  const wanted = [...packages, base].sort();
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  execFileSync('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', ...wanted], {
    cwd: work,
    stdio: ['ignore', 'ignore', 2],
  });
  const records = join(root, 'var/lib/dpkg/status.d');
  mkdirSync(records, { recursive: true });
  const unpacked: Unpacked[] = [];
  for (const file of readdirSync(work)
    .filter((name) => name.endsWith('.deb'))
    .sort()) {
    const deb = join(work, file);
    execFileSync('dpkg-deb', ['-x', deb, root]);
    const control = execFileSync('dpkg-deb', ['-f', deb], { encoding: 'utf8' });
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? '';
    writeFileSync(join(records, field('Package')), control);
    execFileSync('dpkg-deb', ['-e', deb, join(work, 'control')]);
    cpSync(join(work, 'control/md5sums'), join(records, `${field('Package')}.md5sums`), { force: true });
    rmSync(join(work, 'control'), { recursive: true });
    unpacked.push({ name: field('Package'), version: field('Version') });
  }
  const missing = wanted.filter((name) => !unpacked.some((one) => one.name === name));
  if (missing.length > 0)
    throw new Error(`expected the packages ${wanted.join(', ')}, got none of ${missing.join(', ')}`);
  finish(root);
  return unpacked;
}

function dependencyOf(name: string, pattern: RegExp): string {
  const text = execFileSync('apt-cache', ['depends', '--no-recommends', '--no-suggests', name], {
    encoding: 'utf8',
  });
  const found = [...text.matchAll(/Depends: (\S+)/g)]
    .map((match) => match[1]!)
    .find((one) => pattern.test(one));
  if (found === undefined) throw new Error(`expected ${name} to depend on ${pattern}, got ${text}`);
  return found;
}

/** What the packages' own scripts would have done, and what nobody needs in a container taken away. */
function finish(root: string): void {
  const certificates = globSync('usr/share/ca-certificates/**/*.crt', { cwd: root }).sort();
  const bundle = certificates.map((file) => `${readFileSync(join(root, file), 'utf8').trimEnd()}\n`).join('');
  put(root, 'etc/ssl/certs/ca-certificates.crt', bundle);
  put(
    root,
    'etc/passwd',
    'root:x:0:0:root:/root:/sbin/nologin\nseaworthy:x:65532:65532:seaworthy:/var/lib/seaworthy:/sbin/nologin\n',
  );
  put(root, 'etc/group', 'root:x:0:\nseaworthy:x:65532:\n');
  put(root, 'etc/nsswitch.conf', 'hosts: files dns\n');
  for (const waste of [
    'usr/share/man',
    'usr/share/locale',
    'usr/share/info',
    'usr/share/lintian',
    'usr/share/i18n',
    'usr/share/gcc',
    'usr/share/common-licenses',
  ])
    rmSync(join(root, waste), { recursive: true, force: true });
  // Conversions between old character sets: Node brings its own.
  for (const gconv of globSync('{usr/,}lib/*/gconv', { cwd: root }))
    rmSync(join(root, gconv), { recursive: true });
  for (const file of globSync('usr/share/doc/*/*', { cwd: root }))
    if (basename(file) !== 'copyright') rmSync(join(root, file), { recursive: true, force: true });
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
