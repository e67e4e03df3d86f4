// .NET applications: NAME.deps.json, written at publish, lists the NuGet packages that run (runtime
// configuration files specification). Projects and compile-only references are not packages that run.
import { parseJson } from '../../core/index.ts';
import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage } from './inventory.ts';
import { Problems } from './problems.ts';
import { isToken } from './token.ts';

export const dotnet: Extractor = { name: 'dotnet', version: 1, wants, extract };

function wants(file: FileEntry): boolean {
  return file.name.endsWith('.deps.json') && file.name.length > 10;
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const document = asRecord(
    parseJson(file.whole(context.limits.documentBytes).toString('utf8'), context.limits.jsonDepth),
  );
  const libraries = asRecord(document?.['libraries']);
  if (document === undefined || libraries === undefined)
    throw new InventoryFault(
      'inventory-invalid',
      'expected a deps.json with libraries, got another document',
    );
  const target = targetOf(document);
  const problems = new Problems(file.path);
  const packages: FoundPackage[] = [];
  for (const [key, library] of Object.entries(libraries)) {
    const type = asRecord(library)?.['type'];
    if (type !== 'package' && type !== 'runtimepack') continue;
    const part = target === undefined ? {} : asRecord(target[key]);
    // Listed for another platform, or only needed to compile.
    if (part === undefined || part['compileOnly'] === true) continue;
    const found = packageOf(key, type);
    if (found) packages.push(found);
    else problems.add('expected NAME/VERSION as a library, got other text');
  }
  return { packages, undecided: problems.list() };
}

/** The target that runs; undefined when the document names none, then every library counts. */
function targetOf(document: Record<string, unknown>): Record<string, unknown> | undefined {
  const runtime = document['runtimeTarget'];
  const name = typeof runtime === 'string' ? runtime : asRecord(runtime)?.['name'];
  const targets = asRecord(document['targets']);
  return typeof name === 'string' && targets && Object.hasOwn(targets, name)
    ? asRecord(targets[name])
    : undefined;
}

/** A self-contained application carries the runtime's own package as `runtimepack.NAME`. */
function packageOf(key: string, type: 'package' | 'runtimepack'): FoundPackage | undefined {
  const slash = key.indexOf('/');
  const name =
    type === 'runtimepack' ? key.slice(0, slash).replace(/^runtimepack\./, '') : key.slice(0, slash);
  const version = key.slice(slash + 1);
  return slash > 0 && isToken(name) && isToken(version) ? { type: 'nuget', name, version } : undefined;
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
