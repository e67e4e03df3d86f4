// Installed npm packages: the package.json of each package's own directory below node_modules. Lockfiles, the
// application's own package.json, and those of sub-paths, fixtures and bundles are no evidence of an install.

import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage } from './inventory.ts';
import { readStringFields } from './jsonfields.ts';
import { isToken } from './token.ts';

export const npm: Extractor = { name: 'npm', version: 1, wants, extract };

const folder = 'node_modules/';
const keys = ['name', 'version'];

function wants(file: FileEntry): boolean {
  return file.name === 'package.json' && isPackageRoot(file.path);
}

/**
 * Whether a package.json stands where Node's resolution and `npm ls` look for a package: below the outermost
 * node_modules, packages and node_modules must alternate. Stores of pnpm and its kin (`.pnpm/NAME@1/`) count.
 */
function isPackageRoot(path: string): boolean {
  let at = path.startsWith(folder) ? 0 : path.indexOf(`/${folder}`) + 1;
  if (at === 0 && !path.startsWith(folder)) return false;
  for (;;) {
    at += folder.length;
    const end = endOfPackage(path, at);
    if (end < 0) return false;
    if (path.length - end === 13) return path.charCodeAt(at) !== 0x2e;
    at = end + 1;
    if (!path.startsWith(folder, at)) return false;
  }
}

/** The slash after the package's directory, or -1: `NAME`, `@SCOPE/NAME`, `.pnpm/NAME@VERSION`. */
function endOfPackage(path: string, at: number): number {
  const slash = path.indexOf('/', at);
  const char = path.charCodeAt(at);
  if (slash < 0 || (char !== 0x40 && char !== 0x2e)) return slash;
  return path.startsWith(folder, slash + 1) ? slash : path.indexOf('/', slash + 1);
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const text = file.whole(context.limits.documentBytes).toString('utf8');
  const fields = readStringFields(text, keys, context.limits.jsonDepth);
  const version = fields.get('version');
  // A marker such as {"type":"module"}, or a private package without a version: nothing can be published about it.
  if (version === undefined) return {};
  const name = fields.get('name') ?? nameOfFolder(file.path);
  const slash = name.startsWith('@') ? name.indexOf('/') : -1;
  const found: FoundPackage = { type: 'npm', name: name.slice(slash + 1), version };
  if (slash > 0) found.namespace = name.slice(0, slash);
  if (!isToken(found.name) || found.name.includes('/') || !isToken(version))
    throw new InventoryFault('inventory-invalid', 'expected a package name and a version, got other text');
  return { packages: [found] };
}

/** npm's own fall-back for a package without a name. An alias has one: the package's own, which counts. */
function nameOfFolder(path: string): string {
  const root = path.slice(0, -'/package.json'.length);
  return root.slice(root.lastIndexOf(folder) + folder.length);
}
