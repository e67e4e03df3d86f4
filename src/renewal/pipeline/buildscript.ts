// The commands of one build, as a shell script that outlives the process which started it.

export interface BuildCommands {
  /** Where everything of this build lies. */
  directory: string;
  context: string;
  /** `HOST/REPOSITORY:TAG` */
  destination: string;
  platforms: readonly string[];
  labels: Readonly<Record<string, string>>;
  args: Readonly<Record<string, string>>;
  target: string | undefined;
  ignoreFile: string | undefined;
  /** Seconds since 1970 that the image and its files are dated. */
  timestamp: number;
  format: 'oci' | 'docker';
  isolation: string;
  storageDriver: string;
  hasCredentials: boolean;
  hasRegistries: boolean;
}

/** Bytes of output that are kept: the end, where the reason stands. */
const logBytes = 64 << 10;

/**
 * The script claims the directory by its `pid` (made only where there is none), says so, builds, pushes to the one
 * tag and leaves `digest`, `log` and, last of all, `exit`. A store of its own: nothing of the machine's is touched,
 * and two builds are never in each other's way.
 */
export function buildScript(commands: BuildCommands): string {
  const at = (name: string) => `${commands.directory}/${name}`;
  const store = [
    ...['--root', at('store'), '--runroot', at('run'), '--storage-driver', commands.storageDriver],
    ...(commands.hasRegistries ? ['--registries-conf', at('registries.conf')] : []),
  ];
  const login = commands.hasCredentials ? ['--authfile', at('auth.json')] : [];
  const isList = commands.platforms.length > 1;
  const options = [
    ...['--isolation', commands.isolation, '--format', commands.format, '--layers'],
    ...['--timestamp', String(commands.timestamp), '--identity-label=false'],
    ...['--platform', commands.platforms.join(',')],
    ...(isList ? ['--manifest', 'localhost/built'] : ['--tag', 'localhost/built']),
    ...Object.entries(commands.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...(commands.format === 'docker' || isList
      ? []
      : Object.entries(commands.labels).flatMap(([name, value]) => ['--annotation', `${name}=${value}`])),
    ...Object.entries(commands.args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...(commands.target === undefined ? [] : ['--target', commands.target]),
    ...(commands.ignoreFile === undefined ? [] : ['--ignorefile', commands.ignoreFile]),
    ...['--file', at('Dockerfile')],
  ];
  const build = ['buildah', ...store, 'build', ...login, ...options, commands.context];
  const push = [
    ...['buildah', ...store, ...(isList ? ['manifest', 'push', '--all'] : ['push', '--quiet'])],
    ...[...login, '--digestfile', at('digest'), 'localhost/built', `docker://${commands.destination}`],
  ];
  const line = (words: readonly string[]) => words.map(quote).join(' ');
  return `#!/bin/sh
cd ${quote(commands.directory)} || exit 1
(set -C; echo $$ >pid) 2>/dev/null || exit 75
trap '' PIPE
echo started
exec >/dev/null
trap - PIPE
{
  (
    set -e
    ${line(build)}
    ${line(push)}
  )
  echo $? >code
} 2>&1 | tail -c ${logBytes} >log
rm -rf auth.json store run context 2>/dev/null || buildah unshare rm -rf store run context
mv code exit
`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
