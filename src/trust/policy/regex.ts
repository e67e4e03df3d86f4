// The regular expressions of allow-lists, taken apart: literals, any text, any text without a slash, alternatives.
// Whatever else a regular expression can say is refused with its reason, never guessed.

/** One way through the expression. `text` holds the marks below beside literal characters. */
export interface Way {
  /** Begins with `^`. */
  start: boolean;
  /** Ends with `$`. */
  end: boolean;
  text: string;
}

/** Any text, slashes and tags too (`.*`, `.+`). */
export const anyText = '\u0001';
/** At least one character, no slash among them (`[^/]+`). */
export const anyPart = '\u0002';
/** The same from a class that has no colon, so no tag either (`[a-z0-9._-]+`). */
export const anyName = '\u0003';
/** A dot that was not escaped. */
export const looseDot = '\u0004';

export class RegexRefused extends Error {}

const mostWays = 500;

/** Every way through. Throws RegexRefused with the reason, a phrase. */
export function waysOf(regex: string): Way[] {
  if (regex.length > 10_000) throw new RegexRefused('it is longer than 10,000 characters');
  const reader = new Reader(regex);
  const texts = reader.alternatives(0);
  if (!reader.atEnd()) throw new RegexRefused('a parenthesis is closed that was not opened');
  return texts.map(wayOf);
}

const startMark = '\u0005';
const endMark = '\u0006';

function wayOf(text: string): Way {
  const start = text.startsWith(startMark);
  const end = text.endsWith(endMark);
  const inner = text.slice(start ? 1 : 0, end ? -1 : undefined);
  if (inner.includes(startMark) || inner.includes(endMark))
    throw new RegexRefused('"^" or "$" stands in the middle');
  return { start, end, text: inner };
}

class Reader {
  readonly #regex: string;
  #at = 0;

  constructor(regex: string) {
    this.#regex = regex;
  }

  atEnd(): boolean {
    return this.#at >= this.#regex.length;
  }

  /** Up to the end or a closing parenthesis. */
  alternatives(depth: number): string[] {
    if (depth > 20) throw new RegexRefused('its groups nest too deeply');
    const ways = this.#sequence(depth);
    while (this.#regex[this.#at] === '|') {
      this.#at++;
      ways.push(...this.#sequence(depth));
    }
    return bounded([...new Set(ways)]);
  }

  #sequence(depth: number): string[] {
    let ways = [''];
    while (!this.atEnd() && this.#regex[this.#at] !== '|' && this.#regex[this.#at] !== ')') {
      const next = this.#repeated(this.#atom(depth));
      ways = bounded(ways.flatMap((way) => next.map((text) => way + text)));
    }
    return ways;
  }

  #atom(depth: number): string[] {
    const char = this.#regex[this.#at++]!;
    if (char === '(') return this.#group(depth);
    if (char === '[') return [this.#class()];
    if (char === '\\') return [this.#escape()];
    if (char === '^') return [startMark];
    if (char === '$') return [endMark];
    if (char === '.') return [looseDot];
    if ('*+?{}]'.includes(char))
      throw new RegexRefused(`${JSON.stringify(char)} stands where nothing can be repeated`);
    if (char < ' ') throw new RegexRefused('it holds a control character');
    return [char];
  }

  #group(depth: number): string[] {
    if (this.#regex.startsWith('?:', this.#at)) this.#at += 2;
    else if (this.#regex[this.#at] === '?')
      throw new RegexRefused('it has a group with "(?", such as a flag or a look-around');
    const ways = this.alternatives(depth + 1);
    if (this.#regex[this.#at] !== ')') throw new RegexRefused('a parenthesis is not closed');
    this.#at++;
    return ways;
  }

  #escape(): string {
    const char = this.#regex[this.#at++] ?? '';
    if (/^[./:@_\\-]$/.test(char)) return char;
    throw new RegexRefused(`"\\${char}" is a class or an escape that patterns have not`);
  }

  /** A class is understood when it leaves out the slash alone, or holds everything that names are made of. */
  #class(): string {
    const end = this.#regex.indexOf(']', this.#at + 1);
    if (end < 0) throw new RegexRefused('a bracket is not closed');
    const body = this.#regex.slice(this.#at, end).replaceAll('\\', '');
    this.#at = end + 1;
    const [quantifier] = this.#regex.slice(this.#at, this.#at + 1);
    if (quantifier !== '+' && quantifier !== '*')
      throw new RegexRefused(`the class [${body}] is narrower than any pattern`);
    if (body === '^/') return anyPart;
    const whole = ['a-z', '0-9', '.', '_', '-'].every((part) => body.includes(part)) && !body.startsWith('^');
    const rest = body.replace('a-z', '').replace('A-Z', '').replace('0-9', '').replace(/[._-]/g, '');
    if (whole && rest === '') return anyName;
    throw new RegexRefused(`the class [${body}] is narrower than any pattern`);
  }

  #repeated(ways: string[]): string[] {
    const sign = this.#regex[this.#at];
    if (sign === '{') throw new RegexRefused('it counts repetitions with braces');
    if (sign !== '*' && sign !== '+' && sign !== '?') return ways;
    this.#at++;
    if ('?+'.includes(this.#regex[this.#at] ?? '!')) this.#at++;
    const only = ways.length === 1 ? ways[0] : undefined;
    if (sign !== '?' && only === looseDot) return [anyText];
    if (sign !== '?' && (only === anyPart || only === anyName)) return [only];
    if (sign === '?' && only !== anyPart && only !== anyName) return bounded([...ways, '']);
    throw new RegexRefused(`it repeats something other than any text with ${JSON.stringify(sign)}`);
  }
}

function bounded(ways: string[]): string[] {
  if (ways.length > mostWays) throw new RegexRefused(`it stands for more than ${mostWays} alternatives`);
  return ways;
}
