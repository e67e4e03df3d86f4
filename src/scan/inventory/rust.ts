// Rust programs built with cargo-auditable: a section holds the dependency tree as JSON, zlib-compressed.
import { inflateSync } from 'node:zlib';
import { parseJson } from '../../core/index.ts';
import { elfOf, isElf } from './elf.ts';
import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage } from './inventory.ts';
import { Problems } from './problems.ts';
import { isToken } from './token.ts';

export const rust: Extractor = { name: 'rust', version: 1, wants, extract };

function wants(file: FileEntry): boolean {
  return isElf(file);
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const elf = elfOf(file);
  const section = elf?.loadable ? elf.section('.dep-v0') : undefined;
  if (section === undefined) return {};
  const { documentBytes, jsonDepth } = context.limits;
  if (section.size > documentBytes)
    throw new InventoryFault('limit-reached', `expected at most ${documentBytes} bytes, got ${section.size}`);
  const text = inflate(file.read(section.offset, section.size), documentBytes);
  const problems = new Problems(file.path);
  return { packages: packagesOf(parseJson(text, jsonDepth), problems), undecided: problems.list() };
}

function inflate(packed: Buffer, limit: number): string {
  try {
    return inflateSync(packed, { maxOutputLength: limit }).toString('utf8');
  } catch (cause) {
    throw new InventoryFault(
      'inventory-invalid',
      'expected zlib data in .dep-v0, got other or too many bytes',
      {
        cause,
      },
    );
  }
}

/** What runs: packages that only built it are left out; those of a directory or of git are there as found. */
function packagesOf(document: unknown, problems: Problems): FoundPackage[] {
  const list = (document as { packages?: unknown } | null)?.packages;
  if (!Array.isArray(list)) throw new InventoryFault('inventory-invalid', 'expected packages, got none');
  const packages: FoundPackage[] = [];
  for (const entry of list as ({ name?: unknown; version?: unknown; kind?: unknown } | null)[]) {
    if (entry?.kind === 'build') continue;
    const { name, version } = entry ?? {};
    if (typeof name === 'string' && typeof version === 'string' && isToken(name) && isToken(version))
      packages.push({ type: 'cargo', name, version });
    else problems.add('expected a name and a version of each package, got none');
  }
  return packages;
}
