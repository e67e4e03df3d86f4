// Builds the agent's container image with buildah, from scratch: the Debian packages that Node needs, Node, the release
// bundle. The same sources, packages and Node give the same digest.
//   node deploy/image/build.ts --tag REF [--node FILE] [--push] [--work DIR]
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const root = new URL('../..', import.meta.url).pathname;
const { values } = parseArgs({
  options: {
    tag: { type: 'string' },
    /** Upstream's Node in a release; that of the checkout when left out. */
    node: { type: 'string' },
    push: { type: 'boolean', default: false },
    work: { type: 'string' },
  },
});
if (values.tag === undefined) throw new Error('expected --tag REF, got none');
const tag = values.tag;
const work = values.work ?? mkdtempSync(join(tmpdir(), 'seaworthy-image-'));
mkdirSync(work, { recursive: true });

/** What Node is linked with; base-files says which Debian it is, for scanners. */
const packages = ['base-files', 'libc6', 'gcc-12-base', 'libgcc-s1', 'libstdc++6', 'libatomic1'];
/** Nothing of these is read at run time. */
const unneeded = [
  'usr/share/doc-base',
  'usr/share/lintian',
  'usr/share/locale',
  'usr/share/man',
  'usr/lib/x86_64-linux-gnu/gconv',
  'usr/share/gcc',
  'usr/share/base-files',
  'usr/share/common-licenses',
  'etc/update-motd.d',
  'home',
  'root',
  'srv',
  'boot',
  'var/mail',
  'var/spool',
  'var/local',
  'var/backups',
  'opt',
  'mnt',
  'media',
];

const user = '65532';

function run(program: string, args: readonly string[], cwd = work): string {
  return execFileSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
}

/** Layers of images are made with this date: the last commit's, as reproducible-builds.org asks. */
const epoch = process.env['SOURCE_DATE_EPOCH'] ?? lastCommit();

function lastCommit(): string {
  try {
    return run('git', ['log', '-1', '--format=%ct'], root).trim();
  } catch {
    return '0';
  }
}

function unpackPackages(to: string): void {
  const debs = join(work, 'debs');
  mkdirSync(debs, { recursive: true });
  for (const name of packages) {
    if (!readdirSync(debs).some((file) => file.startsWith(`${name}_`)))
      run('apt-get', ['download', '-q', name], debs);
    const deb = join(debs, readdirSync(debs).find((file) => file.startsWith(`${name}_`))!);
    run('dpkg-deb', ['-x', deb, to]);
    const status = join(to, 'var/lib/dpkg/status.d');
    mkdirSync(status, { recursive: true });
    const [control, ...rest] = run('dpkg-deb', ['-f', deb]).split('\n');
    writeFileSync(join(status, name), [control, 'Status: install ok installed', ...rest].join('\n'));
  }
  for (const path of unneeded) rmSync(join(to, path), { recursive: true, force: true });
}

function nodeFile(): string {
  if (values.node !== undefined) return values.node;
  const name = `node-linux-${process.arch}`;
  const file = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin/node');
  if (!existsSync(file)) throw new Error(`expected ${file}, got none: name a Node with --node`);
  return file;
}

function baseTree(): string {
  const tree = join(work, 'base');
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  unpackPackages(tree);
  mkdirSync(join(tree, 'usr/local/bin'), { recursive: true });
  cpSync(nodeFile(), join(tree, 'usr/local/bin/node'));
  chmodSync(join(tree, 'usr/local/bin/node'), 0o755);
  writeFileSync(
    join(tree, 'etc/passwd'),
    `root:x:0:0:root:/:/sbin/nologin\nseaworthy:x:${user}:${user}::/var/lib/seaworthy:/sbin/nologin\n`,
  );
  writeFileSync(join(tree, 'etc/group'), `root:x:0:\nseaworthy:x:${user}:\n`);
  mkdirSync(join(tree, 'tmp'), { recursive: true });
  mkdirSync(join(tree, 'var/lib/seaworthy'), { recursive: true });
  return tree;
}

function appTree(): string {
  const tree = join(work, 'app');
  rmSync(tree, { recursive: true, force: true });
  run(process.execPath, [join(root, 'scripts/bundle.ts'), join(tree, 'opt/seaworthy')], root);
  return tree;
}

const store = ['--storage-driver', 'vfs', '--root', join(work, 'store'), '--runroot', join(work, 'run')];
const buildah = (...args: string[]) => run('buildah', [...store, ...args]).trim();

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const container = buildah('from', 'scratch');
for (const tree of [baseTree(), appTree()]) {
  run('chmod', ['-R', 'u=rwX,go=rX', tree]);
  buildah('copy', '--chown', '0:0', container, tree, '/');
}
buildah(
  'config',
  '--entrypoint',
  '["/usr/local/bin/node","/opt/seaworthy/bin/seaworthy.cjs"]',
  '--cmd',
  '',
  '--user',
  `${user}:${user}`,
  '--env',
  'HOME=/var/lib/seaworthy',
  '--env',
  'SEAWORTHY_HOME=/var/lib/seaworthy',
  '--workingdir',
  '/',
  '--label',
  'org.opencontainers.image.title=seaworthy',
  '--label',
  `org.opencontainers.image.version=${version}`,
  '--label',
  'org.opencontainers.image.licenses=Apache-2.0',
  container,
);
buildah('commit', '--timestamp', epoch, '--format', 'oci', container, tag);
buildah('rm', container);
const digestFile = join(work, 'digest');
const to = values.push ? `docker://${tag}` : `oci:${join(work, 'layout')}:image`;
buildah('push', '--quiet', '--digestfile', digestFile, tag, to);
process.stdout.write(`${tag}@${readFileSync(digestFile, 'utf8').trim()}\n`);
