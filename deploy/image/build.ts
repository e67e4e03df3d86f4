// Builds the container image from scratch with buildah: a few Debian packages, Node, and the release bundle.
//   node deploy/image/build.ts --tag REF [--node FILE] [--push] [--plain-http] [--revision TEXT] [--work DIR]
// Needs a Debian machine with buildah; the image is for its architecture. Two builds of the same source on the same
// packages give the same digest; SOURCE_DATE_EPOCH sets its date, else the last commit's. Prints REF@DIGEST.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unpackPackages } from './packages.ts';

const root = new URL('../..', import.meta.url).pathname;
const user = 65_532;

const { values } = parseArgs({
  options: {
    tag: { type: 'string' },
    /** Upstream's Node in a release; that of the checkout when left out. */
    node: { type: 'string' },
    push: { type: 'boolean', default: false },
    'plain-http': { type: 'boolean', default: false },
    /** Commit that the label names. */
    revision: { type: 'string' },
    /** Kept, with the packages and, without --push, the image as an OCI layout. */
    work: { type: 'string' },
  },
});
if (values.tag === undefined) {
  process.stderr.write('expected --tag REF, as registry.example.com/seaworthy:1.2, got none\n');
  process.exit(2);
}
const { tag } = values;

function output(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: 'utf8' }).trim();
}

/** The Node of this checkout, unless an upstream one is named: releases take that. */
function nodeFile(): string {
  const packageName = `node-linux-${process.arch}`;
  return values.node ?? join(root, 'node_modules', packageName, 'bin', 'node');
}

const work = values.work ?? mkdtempSync(join(tmpdir(), 'seaworthy-image-'));
mkdirSync(work, { recursive: true });
for (const old of ['system', 'node', 'app', 'home', 'layout'])
  rmSync(join(work, old), { recursive: true, force: true });
/** A store of its own: nothing of the machine's images is touched, and nothing is left there. */
const store = ['--storage-driver', 'vfs', '--root', join(work, 'store'), '--runroot', join(work, 'run')];
try {
  const epoch = process.env['SOURCE_DATE_EPOCH'] ?? output('git', ['log', '-1', '--format=%ct']);
  const revision = values.revision ?? output('git', ['rev-parse', 'HEAD']);
  const { version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const say = (text: string) => process.stderr.write(`image: ${text}\n`);

  say('Debian packages');
  const system = join(work, 'system');
  mkdirSync(system);
  const unpacked = unpackPackages(system, join(work, 'debs'));
  mkdirSync(join(work, 'home'));
  mkdirSync(join(system, 'tmp'), { recursive: true });
  chmodSync(join(system, 'tmp'), 0o1777);

  say('Node');
  const node = join(work, 'node');
  mkdirSync(join(node, 'usr/bin'), { recursive: true });
  copyFileSync(nodeFile(), join(node, 'usr/bin/node'));
  chmodSync(join(node, 'usr/bin/node'), 0o755);
  // Debug sections are a fifth of it, and nobody debugs in there.
  execFileSync('strip', ['--strip-debug', join(node, 'usr/bin/node')]);
  const nodeVersion = output(join(node, 'usr/bin/node'), ['--version']);

  say('the bundle');
  const app = join(work, 'app', 'opt/seaworthy');
  execFileSync(process.execPath, [join(root, 'scripts/bundle.ts'), app], { stdio: ['ignore', 'ignore', 2] });

  // Modes must not hang on the umask of who builds.
  for (const directory of [system, node, join(work, 'app'), join(work, 'home')])
    execFileSync('chmod', ['-R', 'u+rwX,go+rX,go-w', directory]);
  chmodSync(join(system, 'tmp'), 0o1777);

  const labels: Record<string, string> = {
    'org.opencontainers.image.title': 'Seaworthy',
    'org.opencontainers.image.description': 'Keeps the containers of a Kubernetes platform seaworthy',
    'org.opencontainers.image.version': version!,
    'org.opencontainers.image.revision': revision,
    'org.opencontainers.image.licenses': license!,
    'dev.seaworthy.node': nodeVersion,
    'dev.seaworthy.packages': unpacked.map((one) => `${one.name}=${one.version}`).join(' '),
  };
  const lines = [
    'FROM scratch',
    'COPY system/ /',
    'COPY node/ /',
    'COPY app/ /',
    // Where nothing is mounted, as on somebody's own machine.
    `COPY --chown=${user}:${user} home/ /var/lib/seaworthy/`,
    `USER ${user}:${user}`,
    'WORKDIR /var/lib/seaworthy',
    'ENV HOME=/var/lib/seaworthy SEAWORTHY_HOME=/var/lib/seaworthy NODE_ENV=production SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
    ...Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`),
    'ENTRYPOINT ["/usr/bin/node", "/opt/seaworthy/bin/seaworthy.cjs"]',
  ];
  writeFileSync(join(work, 'Containerfile'), `${lines.join('\n')}\n`);

  say('layers');
  const containerfile = join(work, 'Containerfile');
  const made = ['--format', 'oci', '--layers', '--no-cache', '--timestamp', epoch, '--identity-label=false'];
  const from = ['--isolation', 'chroot', '--tag', tag, '--file', containerfile, work];
  buildah('build', ...made, ...from);
  const digestFile = join(work, 'digest');
  const plain = values['plain-http'] ? ['--tls-verify=false'] : [];
  const to = values.push ? `docker://${tag}` : `oci:${join(work, 'layout')}:image`;
  buildah('push', '--quiet', ...plain, '--digestfile', digestFile, tag, to);
  process.stdout.write(`${tag}@${readFileSync(digestFile, 'utf8').trim()}\n`);
} finally {
  rmSync(join(work, 'store'), { recursive: true, force: true });
  if (values.work === undefined) rmSync(work, { recursive: true, force: true });
}

function buildah(...args: string[]): void {
  execFileSync('buildah', [...store, ...args], { stdio: ['ignore', 2, 2] });
}
