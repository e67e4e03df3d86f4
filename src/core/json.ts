// JSON from strangers: bounded in depth, and without keys that would name the same thing twice.
import { Fault } from './fault.ts';
import { defaultLimits } from './limits.ts';

export type JsonFaultCode = 'json-invalid' | 'json-too-deep' | 'json-duplicate-key';

export class JsonFault extends Fault<JsonFaultCode> {}

/**
 * Parses JSON text after checking, in one pass, that it nests no deeper than `depth` levels and that no
 * object names a key twice (two parsers that pick different ones would read different documents).
 * Throws JsonFault.
 */
export function parseJson(text: string, depth: number = defaultLimits.jsonDepth): unknown {
  checkShape(text, depth);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JsonFault(
      'json-invalid',
      `expected JSON, got text that does not parse: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

/** Walks the text once; malformed text is left to JSON.parse to name. */
function checkShape(text: string, depth: number): void {
  const open: (Set<string> | null)[] = [];
  let at = 0;
  let expectKey = false;
  while (at < text.length) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      const end = endOfString(text, at);
      if (expectKey) {
        addKey(open.at(-1) ?? null, text.slice(at, end));
        expectKey = false;
      }
      at = end;
      continue;
    }
    if (char === 0x7b || char === 0x5b) {
      open.push(char === 0x7b ? new Set() : null);
      if (open.length > depth)
        throw new JsonFault('json-too-deep', `expected at most ${depth} levels, got more`);
      expectKey = char === 0x7b;
    } else if (char === 0x7d || char === 0x5d) {
      open.pop();
      expectKey = false;
    } else if (char === 0x2c) {
      expectKey = open.length > 0 && open.at(-1) !== null;
    }
    at++;
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function addKey(keys: Set<string> | null, quoted: string): void {
  if (keys === null) return;
  let key = quoted;
  if (quoted.includes('\\')) {
    try {
      key = JSON.stringify(JSON.parse(quoted));
    } catch {
      return;
    }
  }
  if (keys.has(key)) throw new JsonFault('json-duplicate-key', `expected each key once, got ${key} twice`);
  keys.add(key);
}
