// Go programs: the main module, its dependencies and the standard library, as `go version -m` reads them.
import { readBuildInfo } from './buildinfo.ts';
import { elfOf, isElf } from './elf.ts';
import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import type { Extraction, FoundPackage } from './inventory.ts';
import { eachLine } from './lines.ts';
import { Problems } from './problems.ts';
import { isToken } from './token.ts';

export const go: Extractor = { name: 'go', version: 1, wants, extract };

/** What Go itself writes for a module that was built from a checkout. */
const unversioned = '(devel)';

function wants(file: FileEntry): boolean {
  return isElf(file);
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const elf = elfOf(file);
  if (elf === undefined || !elf.loadable) return {};
  const info = readBuildInfo(elf, context.limits.documentBytes);
  if (info === undefined) return {};
  const problems = new Problems(file.path);
  const packages = parseModules(info.modules, problems);
  packages.push({ type: 'golang', name: 'stdlib', version: standardLibrary(info.goVersion) });
  return { packages, undecided: problems.list() };
}

/** `go1.22.1`, `go1.22.1 X:boringcrypto` and `devel go1.23-…`: only the first two name a release. */
function standardLibrary(goVersion: string): string {
  const version = /^go(\d[^\s]*)/.exec(goVersion)?.[1];
  return isToken(version) ? version : unversioned;
}

/** The lines of runtime/debug.BuildInfo: `mod` and `dep` with path, version and sum; `=>` replaces the one before. */
export function parseModules(text: string, problems: Problems): FoundPackage[] {
  const packages: FoundPackage[] = [];
  eachLine(text, (line) => {
    const [kind, name, version] = line.split('\t', 4);
    if (kind !== 'mod' && kind !== 'dep' && kind !== '=>') return;
    const last = packages.at(-1);
    if (!isToken(name) || (kind === '=>' && last === undefined)) {
      problems.add(`expected a module path after ${kind}, got other text`);
      return;
    }
    const known = isToken(version) ? version : unversioned;
    if (kind === '=>') replace(last!, name, known);
    else packages.push({ type: 'golang', name, version: known, ...(kind === 'mod' ? { main: true } : {}) });
  });
  return packages;
}

/** By another module: that is what was compiled. By a directory: the code is unknown, under the old name. */
function replace(module: FoundPackage, path: string, version: string): void {
  const directory = path.startsWith('./') || path.startsWith('../') || path.startsWith('/');
  if (!directory) module.name = path;
  module.version = directory ? unversioned : version;
}
