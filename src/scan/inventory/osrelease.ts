// Which distribution a root is: etc/os-release or usr/lib/os-release (os-release(5)). Which of two counts is
// decided where layers meet.
import type { OsRelease } from '../package/index.ts';
import type { Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction } from './inventory.ts';

export const osRelease: Extractor = { name: 'os-release', version: 1, wants, extract };

const maxBytes = 64 << 10;

function wants(file: FileEntry): boolean {
  return file.name === 'os-release' && (file.path === 'etc/os-release' || file.path === 'usr/lib/os-release');
}

function extract(file: OpenFile): Extraction {
  return { osRelease: parseOsRelease(file.whole(maxBytes).toString('utf8')) };
}

/** Throws InventoryFault `inventory-invalid` when a text that is not blank holds no assignment. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const equals = line.indexOf('=');
    if (equals <= 0 || line.startsWith('#')) continue;
    const key = line.slice(0, equals);
    // A later assignment wins, as in a shell.
    if (/^[A-Z][A-Z0-9_]*$/.test(key)) values.set(key, unquote(line.slice(equals + 1)));
  }
  if (values.size === 0) throw new InventoryFault('inventory-invalid', 'expected KEY=value lines, got none');
  const release: OsRelease = {
    // The default that os-release(5) gives.
    id: values.get('ID') || 'linux',
    idLike: (values.get('ID_LIKE') ?? '').split(/\s+/).filter((word) => word !== ''),
  };
  for (const [key, field] of optional) {
    const value = values.get(key);
    if (value) release[field] = value;
  }
  return release;
}

const optional = [
  ['VERSION_ID', 'versionId'],
  ['VERSION_CODENAME', 'versionCodename'],
  ['NAME', 'name'],
  ['PRETTY_NAME', 'prettyName'],
  ['CPE_NAME', 'cpeName'],
  ['VARIANT_ID', 'variantId'],
] as const;

/** A shell word without expansions: quotes fall away, a backslash keeps the next character. */
function unquote(word: string): string {
  let out = '';
  let quote = '';
  for (let i = 0; i < word.length; i++) {
    const char = word[i]!;
    if (quote === "'") {
      if (char === "'") quote = '';
      else out += char;
    } else if (char === '\\' && i + 1 < word.length) {
      const next = word[++i]!;
      // Between double quotes a backslash is only special in front of these.
      out += quote === '"' && !'$"\\`'.includes(next) ? `\\${next}` : next;
    } else if (quote === '"' && char === '"') quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (quote === '' && (char === ' ' || char === '\t')) break;
    else out += char;
  }
  return out;
}
