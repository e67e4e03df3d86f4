// A text file line by line, without holding it whole.
import type { OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';

const chunkBytes = 1 << 20;
const maxLineBytes = 1 << 20;

/**
 * Calls `visit` for each line, without its line feed; invalid UTF-8 becomes U+FFFD. Returns whether the last
 * line was ended by a line feed. Throws InventoryFault for a file past `limit` bytes, for a line past 1 MiB and
 * for a file that ends early.
 */
export function readLines(file: OpenFile, limit: number, visit: (line: string) => void): boolean {
  if (file.size > limit)
    throw new InventoryFault('limit-reached', `expected at most ${limit} bytes, got ${file.size}`);
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; at < file.size; ) {
    const chunk = file.read(at, chunkBytes);
    if (chunk.length === 0)
      throw new InventoryFault('inventory-invalid', `expected ${file.size} bytes, got ${at}`);
    at += chunk.length;
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(0x0a);
    if (end >= 0) eachLine(bytes.toString('utf8', 0, end), visit);
    rest = bytes.subarray(end + 1);
    if (rest.length > maxLineBytes)
      throw new InventoryFault(
        'inventory-invalid',
        `expected lines of at most ${maxLineBytes} bytes, got more`,
      );
  }
  if (rest.length === 0) return true;
  visit(rest.toString('utf8'));
  return false;
}

/** Calls `visit` for each line of a text; the last needs no line feed. */
export function eachLine(text: string, visit: (line: string) => void): void {
  let at = 0;
  for (;;) {
    const end = text.indexOf('\n', at);
    if (end < 0) break;
    visit(text.slice(at, end));
    at = end + 1;
  }
  visit(text.slice(at));
}
