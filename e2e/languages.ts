// What the images of the loop are made of: a base of real Debian packages, and applications in Go, Python and
// JavaScript, each with a package of its language from where its people get it.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unpackPackages } from '../deploy/image/packages.ts';

const checkout = new URL('..', import.meta.url).pathname;
const run = (cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 2], env: { ...process.env, ...env } });

/** Packages as the applications use them. */
export const used = {
  go: { name: 'golang.org/x/text', version: 'v0.3.7' },
  pypi: { name: 'idna', version: '3.6' },
  npm: { name: 'minimist', version: '1.2.5' },
} as const;

const waits = `package main

import (
	"os"
	"os/signal"
	"syscall"
IMPORT)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "crash" {
		os.Exit(7)
	}
	USE
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}
`;

/** A static program that waits until it is told to stop, for both platforms: `DIR/amd64/NAME`, `DIR/arm64/NAME`. */
function goProgram(dir: string, name: string, uses = false): void {
  const source = join(dir, `${name}-source`);
  mkdirSync(source, { recursive: true });
  const text = waits
    .replace('IMPORT', uses ? `\n\t"${used.go.name}/language"\n` : '')
    .replace('USE', uses ? 'println(language.English.String())' : '');
  writeFileSync(join(source, 'main.go'), text);
  writeFileSync(join(source, 'go.mod'), `module example.com/${name}\n\ngo 1.21\n`);
  if (uses) run(source, 'go', ['get', `${used.go.name}@${used.go.version}`]);
  for (const arch of ['amd64', 'arm64'])
    run(
      source,
      'go',
      ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', join(dir, arch, name)],
      { GOARCH: arch, CGO_ENABLED: '0' },
    );
}

/** `amd64` and `arm64`, each a program `app` that holds a module. */
export function goApplication(dir: string): void {
  goProgram(dir, 'app', true);
}

/**
 * Roots of the base: `amd64` is what Node needs of Debian, with a library that an old version is claimed of; `arm64` has
 * the base's own program and records only.
 */
export function debianBase(dir: string): void {
  goProgram(join(dir, 'programs'), 'base-app');
  unpackPackages(join(dir, 'amd64'), join(dir, 'debs'));
  for (const arch of ['amd64', 'arm64']) {
    const root = join(dir, arch);
    for (const place of ['etc', 'var/lib/dpkg/status.d']) mkdirSync(join(root, place), { recursive: true });
    writeFileSync(
      join(root, 'etc/os-release'),
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
    );
    cpSync(join(dir, 'programs', arch, 'base-app'), join(root, 'base-app'));
  }
}

/** The version that the base says its library has. */
export function setWebp(dir: string, version: string): void {
  for (const arch of ['amd64', 'arm64'])
    writeFileSync(
      join(dir, arch, 'var/lib/dpkg/status.d/libwebp7'),
      `Package: libwebp7\nStatus: install ok installed\nArchitecture: ${arch}\nVersion: ${version}\nSource: libwebp\n`,
    );
}

/** Root with the Node of this checkout. */
export function nodeRuntime(dir: string): void {
  const place = join(dir, 'usr/local/bin');
  mkdirSync(place, { recursive: true });
  copyFileSync(join(checkout, 'node_modules', `node-linux-${process.arch}`, 'bin/node'), join(place, 'node'));
  chmodSync(join(place, 'node'), 0o755);
  execFileSync('strip', ['--strip-debug', join(place, 'node')]);
}

/** `app` with a package from npm; its command is `nodeCommand`. */
export function nodeApplication(dir: string): void {
  const app = join(dir, 'app');
  mkdirSync(app, { recursive: true });
  writeFileSync(join(app, 'package.json'), '{"name": "api", "version": "1.0.0", "private": true}\n');
  const { name, version } = used.npm;
  run(app, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`]);
  writeFileSync(
    join(app, 'main.js'),
    `console.log(require('${name}')(['--port', '80']));\nsetInterval(() => {}, 1e6);\nprocess.on('SIGTERM', () => process.exit());\n`,
  );
}

export const nodeCommand = ['/usr/local/bin/node', '/app/main.js'];

/** Debian's Python below /usr/local, and an application with a package from PyPI; its command is `pythonCommand`. */
export function pythonApplication(dir: string): void {
  const debs = join(dir, 'debs');
  const system = join(dir, 'system');
  mkdirSync(debs, { recursive: true });
  const minimal = /python3\.\d+-minimal/.exec(
    execFileSync('apt-cache', ['depends', 'python3-minimal'], { encoding: 'utf8' }),
  )![0];
  const packages = [minimal, `lib${minimal}`, 'libexpat1', 'zlib1g'];
  run(debs, 'apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', ...packages]);
  for (const deb of globSync('*.deb', { cwd: debs })) run(debs, 'dpkg-deb', ['-x', deb, system]);
  const version = minimal.replace('-minimal', '');
  const root = join(dir, 'root/usr/local');
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'lib'));
  copyFileSync(join(system, 'usr/bin', version), join(root, 'bin/python3'));
  cpSync(join(system, 'usr/lib', version), join(root, 'lib', version), {
    recursive: true,
    verbatimSymlinks: true,
  });
  for (const library of globSync('{usr/,}lib/*/lib{expat,z}.so.1', { cwd: system }))
    writeFileSync(join(root, 'lib', basename(library)), readFileSync(join(system, library)), { mode: 0o755 });
  const { name, version: wanted } = used.pypi;
  const packagesDir = join(dir, 'root/app');
  run(dir, 'pip', [
    'install',
    '-q',
    '--no-deps',
    '--no-compile',
    '--target',
    packagesDir,
    `${name}==${wanted}`,
  ]);
  writeFileSync(
    join(packagesDir, 'main.py'),
    `import signal, sys\nimport ${name}\nprint(${name}.encode('bücher.example'), flush=True)\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit())\nsignal.pause()\n`,
  );
}

export const pythonEnvironment = 'PYTHONHOME=/usr/local LD_LIBRARY_PATH=/usr/local/lib';
export const pythonCommand = ['/usr/local/bin/python3', '-B', '/app/main.py'];
