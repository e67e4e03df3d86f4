// Installed Python distributions: the metadata of wheels and eggs (PyPA "Recording installed projects",
// setuptools' egg-info). Copies below `_vendor` are installed code as well and are told by their path.

import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction } from './inventory.ts';
import { isToken } from './token.ts';

export const python: Extractor = { name: 'python', version: 1, wants, extract };

function wants({ name, path }: FileEntry): boolean {
  if (name === 'METADATA') return path.endsWith('.dist-info/METADATA');
  if (name === 'PKG-INFO') return path.endsWith('.egg-info/PKG-INFO') || path.endsWith('/EGG-INFO/PKG-INFO');
  return name.endsWith('.egg-info') && name.length > 9;
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const { name, version } = parseMetadata(readHeader(file, context));
  if (!isToken(name) || !isToken(version))
    throw new InventoryFault(
      'inventory-invalid',
      'expected Name and Version headers, got none or other text',
    );
  return { packages: [{ type: 'pypi', name: normalised(name), version }] };
}

const firstBytes = 8 << 10;

/** The headers only: the description that follows can be long. */
function readHeader(file: OpenFile, context: ExtractContext): string {
  for (let length = firstBytes; ; length *= 4) {
    const text = file.read(0, length).toString('utf8');
    const end = text.search(/\r?\n\r?\n/);
    if (end >= 0) return text.slice(0, end);
    if (length >= file.size) return text;
    if (length > context.limits.documentBytes)
      throw new InventoryFault('limit-reached', `expected at most ${length} bytes of headers, got more`);
  }
}

/** `Name` and `Version` of an email-style header (core metadata specification); the first of each counts. */
export function parseMetadata(text: string): { name?: string; version?: string } {
  const found: { name?: string; version?: string } = {};
  for (const line of text.split('\n')) {
    if (found.name === undefined && /^name:/i.test(line)) found.name = line.slice(5).trim();
    else if (found.version === undefined && /^version:/i.test(line)) found.version = line.slice(8).trim();
    if (found.name !== undefined && found.version !== undefined) break;
  }
  return found;
}

/** PEP 503. */
function normalised(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}
