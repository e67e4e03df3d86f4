// YAML whose values are changed in place: every byte outside the changed value is kept, and a second reading proves it.
import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml';

export type YamlPath = readonly (string | number)[];

export interface YamlText {
  /** Without the byte order mark. */
  text: string;
  mark: '' | '\ufeff';
  documents: Document.Parsed[];
  /** What each document says; aliases and merge keys resolved. */
  values: unknown[];
  lines: LineCounter;
}

const aliasLimit = 1000;

/** Undefined: not UTF-8, or not YAML that every reader reads alike. */
export function readYaml(bytes: Uint8Array): YamlText | undefined {
  try {
    const whole = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const mark = whole.startsWith('\ufeff') ? '\ufeff' : '';
    return parse(whole.slice(mark.length), mark);
  } catch {
    return undefined;
  }
}

function parse(text: string, mark: YamlText['mark']): YamlText | undefined {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const documents = Array.isArray(parsed) ? [...parsed] : [];
  if (documents.some(({ errors }) => errors.length > 0)) return undefined;
  const values = documents.map((document) => document.toJS({ maxAliasCount: aliasLimit }) as unknown);
  return { text, mark, documents, values, lines };
}

export interface YamlEdit {
  document: number;
  path: YamlPath;
  before: string | undefined;
  after: string;
}

/**
 * The bytes with the edits made, or why that cannot be done. An edit with `before` replaces text; one without adds the
 * last key of its path after the last key that its map has.
 */
export function editYaml(yaml: YamlText, edits: readonly YamlEdit[]): Buffer | { problem: string } {
  const cuts: { start: number; end: number; text: string }[] = [];
  for (const edit of edits) {
    const cut = edit.before === undefined ? cutForKey(yaml, edit) : cutForText(yaml, edit);
    if (typeof cut === 'string') return { problem: `${formatPath(edit.path)}: ${cut}` };
    // two paths may lead to one anchor
    if (!cuts.some((other) => isDeepStrictEqual(other, cut))) cuts.push(cut);
  }
  cuts.sort((a, b) => b.start - a.start);
  let text = yaml.text;
  for (const { start, end, text: put } of cuts) text = text.slice(0, start) + put + text.slice(end);
  const again = parse(text, yaml.mark);
  if (again === undefined) return { problem: 'the changed file could not be read again' };
  const wanted = yaml.values.map((value) => structuredClone(value));
  for (const { document, path, after } of edits) put(wanted[document], path, after);
  if (!isDeepStrictEqual(again.values, wanted))
    return { problem: 'other values hang on the same anchor and would change with it' };
  return Buffer.from(yaml.mark + text);
}

function put(root: unknown, path: YamlPath, value: string): void {
  let at = root as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) {
    // a clone keeps what aliases share; each path is to stand for itself
    at[key] = structuredClone(at[key]);
    at = at[key] as typeof at;
  }
  at[path.at(-1)!] = value;
}

function cutForText({ documents, text }: YamlText, { document, path, before, after }: YamlEdit) {
  const node = nodeAt(documents[document]!, path);
  if (!isScalar(node) || !node.range || node.value !== before) return 'no text stands here';
  const [start, end] = node.range;
  const source = text.slice(start, end);
  const at = source.indexOf(before as string);
  if (at >= 0 && source.indexOf(before as string, at + 1) < 0)
    return { start: start + at, end: start + at + (before as string).length, text: after };
  // quotes around nothing, or escapes: the value anew, in the same quotes
  if (node.type === 'QUOTE_SINGLE') return { start, end, text: `'${after}'` };
  if (node.type === 'QUOTE_DOUBLE') return { start, end, text: JSON.stringify(after) };
  return 'the text is written in a way that cannot be changed in place';
}

function cutForKey({ documents, text }: YamlText, { document, path, after }: YamlEdit) {
  const map = nodeAt(documents[document]!, path.slice(0, -1));
  const last = isMap(map) ? map.items.at(-1) : undefined;
  const value = last?.value as Node | null | undefined;
  const key = last?.key as Scalar | undefined;
  if (!isMap(map) || !value?.range || !key?.range || !isScalar(value)) return 'no key can be added here';
  if (map.flow) return { start: value.range[1], end: value.range[1], text: `, ${path.at(-1)}: ${after}` };
  const indent = key.range[0] - (text.lastIndexOf('\n', key.range[0] - 1) + 1);
  const lineEnd = text.indexOf('\n', value.range[1]);
  const end = lineEnd < 0 ? text.length : lineEnd;
  const isCrLf = text[end - 1] === '\r';
  const at = isCrLf ? end - 1 : end;
  return {
    start: at,
    end: at,
    text: `${isCrLf ? '\r\n' : '\n'}${' '.repeat(indent)}${path.at(-1)}: ${after}`,
  };
}

/** The node that a path leads to, through aliases and merge keys. */
export function nodeAt(document: Document, path: YamlPath): Node | undefined {
  let node = resolved(document, document.contents);
  for (const key of path) {
    if (isMap(node)) node = resolved(document, entryOf(document, node, String(key), 0));
    else if (isSeq(node) && typeof key === 'number') node = resolved(document, node.items[key] as Node);
    else return undefined;
  }
  return node;
}

function entryOf(document: Document, map: YAMLMap, key: string, depth: number): Node | null | undefined {
  const own = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  if (own !== undefined || depth > 10) return own?.value as Node | null | undefined;
  for (const pair of map.items) {
    if (!isPair(pair) || !isScalar(pair.key) || pair.key.source !== '<<') continue;
    const from = resolved(document, pair.value as Node);
    for (const source of isSeq(from) ? from.items : [from]) {
      const merged = resolved(document, source as Node);
      const found = isMap(merged) ? entryOf(document, merged, key, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function resolved(document: Document, node: Node | null | undefined): Node | undefined {
  return (isAlias(node) ? node.resolve(document) : node) ?? undefined;
}

/** `spec.containers[0].image`; keys with dots as `["a.b"]`. */
export function formatPath(path: YamlPath): string {
  return path
    .map((key, i) =>
      typeof key === 'number'
        ? `[${key}]`
        : /^[\w-]+$/.test(key)
          ? `${i === 0 ? '' : '.'}${key}`
          : `[${JSON.stringify(key)}]`,
    )
    .join('');
}

/** Line of a value, from 1. */
export function lineOf(yaml: YamlText, document: number, path: YamlPath): number {
  const start = nodeAt(yaml.documents[document]!, path)?.range?.[0] ?? 0;
  return yaml.lines.linePos(start).line;
}
