// Language runtimes of a base, by series: Python 3.11, Node 20.
import type { Inventory } from '../../scan/inventory/index.ts';

/** Series of each runtime, `python` → `3.11`; `?` for one that is there and tells no version. */
export type Runtimes = ReadonlyMap<string, ReadonlySet<string>>;

export const UNTOLD = '?';

const major = /^[^\d]*(\d+)/;
const minor = /^[^\d]*(\d+\.\d+)/;
/** Java 8 called itself 1.8. */
const java = /^[^\d]*(?:1\.(?=8))?(\d+)/;

/** Variables that the official images of each runtime set. */
const variables: Readonly<Record<string, [runtime: string, series: RegExp]>> = {
  NODE_VERSION: ['node', major],
  PYTHON_VERSION: ['python', minor],
  JAVA_VERSION: ['java', java],
  PHP_VERSION: ['php', minor],
  RUBY_VERSION: ['ruby', minor],
  DOTNET_VERSION: ['dotnet', major],
};

/** OS packages: the series in the name where there is one, else in the version. */
const packages: readonly [runtime: string, name: RegExp, series: RegExp][] = [
  ['python', /^(?:lib)?python(3\.\d+)(?:-minimal|-libs|-base|-stdlib)?$/, minor],
  ['python', /^python-?(3\.\d+)(?:-base)?$/, minor],
  ['python', /^python3$/, minor],
  ['node', /^nodejs(?:-current|-lts|-?(\d+))?$/, major],
  ['java', /^(?:open|msopen)?jdk-?(\d+)-(?:jre|jdk)(?:-headless|-base)?$/, java],
  ['java', /^(?:java-(?:1\.)?(\d+)-openjdk(?:-headless)?|(?:temurin|msopenjdk|zulu)-?(\d+).*)$/, java],
  ['php', /^php(?:(\d+\.\d+)-cli|-cli)?$/, minor],
  ['ruby', /^ruby-?(\d+\.\d+)?$/, minor],
  ['dotnet', /^(?:dotnet-runtime|aspnetcore-runtime)-(\d+)\.\d+$/, major],
];

export function runtimesOf(env: readonly string[], inventory: Inventory): Runtimes {
  const found = new Map<string, Set<string>>();
  const add = (runtime: string, series: string | undefined): void => {
    const known = found.get(runtime) ?? new Set();
    found.set(runtime, known.add(series ?? UNTOLD));
  };
  for (const entry of env) {
    const [name = '', value = ''] = entry.split('=', 2);
    const rule = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (rule !== undefined && value !== '') add(rule[0], rule[1].exec(value)?.[1]);
  }
  for (const { type, name, version, location } of inventory.packages) {
    const path = /(?:^|\/)lib\/python(3\.\d+)\//.exec(location)?.[1];
    if (path !== undefined) add('python', path);
    if (type !== 'deb' && type !== 'apk' && type !== 'rpm') continue;
    for (const [runtime, pattern, series] of packages) {
      const match = pattern.exec(name);
      if (match !== null) add(runtime, match[1] ?? match[2] ?? series.exec(version)?.[1]);
    }
  }
  for (const { name, path } of inventory.unattributed) {
    const series = name === 'python' ? /python(3\.\d+)$/.exec(path)?.[1] : undefined;
    if (languages.has(name) && (series !== undefined || !found.has(name))) add(name, series);
  }
  return found;
}

const languages: ReadonlySet<string> = new Set(['python', 'node', 'java', 'php', 'ruby', 'dotnet']);
