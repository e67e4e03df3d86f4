// A document people write by hand: YAML checked against a schema, every mistake named with file, line and
// the nearest right word.
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Fault, nearest } from '../index.ts';

export type DocumentFaultCode = 'document-invalid';

export class DocumentFault extends Fault<DocumentFaultCode> {}

const BYTES = 1 << 20;

/**
 * Parses YAML 1.2 (JSON is YAML too) and checks it. `keys` are the words a mistyped key is compared with.
 * Throws DocumentFault whose message has one line `FILE:LINE:COLUMN: what is wrong` for each mistake.
 */
export function parseDocumentAs<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  keys: readonly string[] = [],
): z.output<Schema> {
  if (Buffer.byteLength(text) > BYTES)
    throw new DocumentFault('document-invalid', `${file}: expected at most ${BYTES} bytes, got more`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    version: '1.2',
    prettyErrors: false,
  });
  const problems = document.errors.map((error) => `${place(file, lines, error.pos[0])}: ${error.message}`);
  if (problems.length > 0) throw fault(problems);
  let value: unknown;
  try {
    // Few aliases are honest; many are the billion-laughs attack.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw fault([`${file}:1:1: ${(cause as Error).message}`]);
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  throw fault(
    checked.error.issues.flatMap((issue) => {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      if (issue.code !== 'unrecognized_keys') {
        const at = offsetOf(document.contents as Node | null, path);
        return [`${place(file, lines, at)}: ${path.join('.') || 'document'}: ${issue.message}`];
      }
      return issue.keys.map((key) => {
        const at = offsetOf(document.contents as Node | null, [...path, key], true);
        const right = nearest(key, keys);
        return `${place(file, lines, at)}: unknown key ${JSON.stringify(key)}${right ? `, did you mean "${right}"?` : ''}`;
      });
    }),
  );
}

function fault(problems: readonly string[]): DocumentFault {
  return new DocumentFault('document-invalid', problems.slice(0, 20).join('\n'), {
    hint: 'mend the lines named above',
  });
}

function place(file: string, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

/** Where in the text a path of keys and indices lies; as far down as it exists. */
function offsetOf(root: Node | null, path: readonly (string | number)[], key = false): number {
  let node: Node | null = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [i, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (pair === undefined) return offset;
      const keyNode = pair.key as Node;
      const valueNode = pair.value as Node | null;
      const last = i === path.length - 1;
      offset = (last && key ? keyNode : (valueNode ?? keyNode)).range?.[0] ?? offset;
      node = valueNode;
    } else if (node !== null && 'items' in node && typeof part === 'number') {
      node = ((node as { items: unknown[] }).items[part] as Node | undefined) ?? null;
      offset = node?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
