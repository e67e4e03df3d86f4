// Settings of git as its files have them (git-config): the few that a commit needs, and those that rule this way out.
import { readFileSync, statSync } from 'node:fs';

export type Settings = ReadonlyMap<string, string>;

const mostBytes = 1 << 20;

/** Later files win. Names are `section.key` or `section.sub.key`, section and key in small letters. */
export function readSettings(files: readonly string[]): Settings {
  const found = new Map<string, string>();
  for (const file of files) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile() && stat.size <= mostBytes)
      for (const [name, value] of parseSettings(readFileSync(file, 'utf8'))) found.set(name, value);
  }
  return found;
}

export function parseSettings(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let section = '';
  // a line that ends in a backslash goes on
  for (const line of text.replace(/\\\r?\n/g, '').split(/\r?\n/)) {
    const head = /^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*(.*)$/.exec(line);
    if (head !== null) {
      const sub = head[2]?.replace(/\\(.)/g, '$1');
      section = head[1]!.toLowerCase() + (sub === undefined ? '' : `.${sub}`);
    }
    const [, key, value] =
      /^\s*([A-Za-z][\w-]*)\s*(?:=\s*(.*))?$/.exec(head === null ? line : head[3]!) ?? [];
    if (key !== undefined && section !== '')
      found.set(`${section}.${key.toLowerCase()}`, value === undefined ? 'true' : plain(value));
  }
  return found;
}

/** Quotes gone, escapes read, comments and white space behind the value cut off. */
function plain(text: string): string {
  let value = '';
  let kept = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const one = text[at]!;
    if (one === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (one === '#' || one === ';')) break;
    else if (one === '\\') {
      const next = text[++at] ?? '';
      value += { n: '\n', t: '\t', b: '\b' }[next] ?? next;
    } else value += one;
    if (isQuoted || one === '"' || !/\s/.test(one)) kept = value.length;
  }
  return value.slice(0, kept);
}

export function isOn(settings: Settings, name: string): boolean {
  return /^(?:true|yes|on|[1-9]\d*)$/i.test(settings.get(name) ?? '');
}
