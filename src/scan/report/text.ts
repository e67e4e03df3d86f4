// Text for a terminal: what strangers wrote made plain, widths, wrapping, colour only where asked.

export interface TableLook {
  /** Width of the terminal. */
  columns: number;
  colour: boolean;
}

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'blue' | 'magenta' | 'inverse';

const codes: Record<Style, number> = {
  bold: 1,
  dim: 2,
  inverse: 7,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
};

/**
 * Untrusted text with everything that could move the cursor, change colours or turn the reading direction replaced:
 * C0, DEL, C1, line and paragraph separators, bidi marks and overrides, zero-width characters, lone surrogates.
 */
export function plain(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu,
    '\ufffd',
  );
}

export function paint(text: string, colour: boolean, ...styles: Style[]): string {
  if (!colour || styles.length === 0) return text;
  return `\x1b[${styles.map((style) => codes[style]).join(';')}m${text}\x1b[0m`;
}

/** Columns that plain text takes: wide East Asian characters and most emoji take two, combining marks none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) {
    if (/\p{M}/u.test(char)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return width;
}

/** Lines of at most `columns`, broken at spaces; a longer word gets lines of its own. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const room = Math.max(16, columns) - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => chunks(part, room))) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(indent + line);
  return lines;
}

function chunks(word: string, room: number): string[] {
  const parts: string[] = [];
  let part = '';
  let width = 0;
  for (const char of word) {
    const more = widthOf(char);
    if (width + more > room) {
      parts.push(part);
      part = '';
      width = 0;
    }
    part += char;
    width += more;
  }
  return [...parts, part];
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
