// Words of a Dockerfile: splitting, quotes, and variables as BuildKit's shell lexer expands them
// (frontend/dockerfile/shell/lex.go).

/** Words between blanks; quotes and escapes stay in them and keep blanks together. */
export function splitWords(text: string, escapeChar: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (char === escapeChar && quote !== "'" && at + 1 < text.length) {
      word += char + text[++at]!;
      continue;
    }
    if (quote === '' && /\s/.test(char)) {
      if (word !== '') words.push(word);
      word = '';
      continue;
    }
    if (quote === '' && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = '';
    word += char;
  }
  if (word !== '') words.push(word);
  return words;
}

/** Delimiters of here-documents in the order of their bodies. */
export function heredocsOf(text: string, escapeChar: string): { name: string; chomp: boolean }[] {
  return splitWords(text, escapeChar).flatMap((word) => {
    const match = /^\d*<<(-?)([^<]+)$/.exec(word);
    if (match === null) return [];
    const words = splitWords(match[2]!, escapeChar);
    const name = words.length === 1 ? unquoted(words[0]!, escapeChar) : '';
    return name === '' ? [] : [{ name, chomp: match[1] === '-' }];
  });
}

function unquoted(word: string, escapeChar: string): string {
  return expand(word, { values: new Map(), open: new Set() }, escapeChar, false).text;
}

export interface Variables {
  values: ReadonlyMap<string, string>;
  /** There, but nobody gave them a value: a build may have. Others are empty for certain. */
  open: ReadonlySet<string>;
}

export interface Expanded {
  text: string;
  /** Variables whose value it needs and nobody gave. */
  missing: string[];
}

/** A word with its quotes removed and its variables replaced. */
export function expandWord(word: string, variables: Variables, escapeChar: string): Expanded {
  return expand(word, variables, escapeChar, true);
}

function expand(word: string, variables: Variables, escapeChar: string, dollars: boolean): Expanded {
  const lexer = new Lexer(word, variables, escapeChar, dollars);
  const text = lexer.until(undefined, 0);
  return { text, missing: [...lexer.missing, ...(lexer.isBroken ? [word.slice(0, 80)] : [])] };
}

const deepest = 50;
const mostMissing = 20;

class Lexer {
  readonly missing = new Set<string>();
  isBroken = false;
  readonly #text: string;
  readonly #variables: Variables;
  readonly #escape: string;
  readonly #dollars: boolean;
  #at = 0;

  constructor(text: string, variables: Variables, escapeChar: string, dollars: boolean) {
    this.#text = text;
    this.#variables = variables;
    this.#escape = escapeChar;
    this.#dollars = dollars;
  }

  /** Up to `stop`, which is taken; to the end where there is none. `raw`: a pattern, whose escapes stay. */
  until(stop: readonly string[] | undefined, depth: number, raw = false): string {
    let result = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (stop?.includes(char)) return result;
      this.#at++;
      if (char === "'") result += this.#single();
      else if (char === '"') result += this.#double(depth);
      else if (char === '$' && this.#dollars) result += this.#dollar(depth);
      else if (char === this.#escape) {
        const next = this.#text[this.#at++] ?? '';
        result += raw ? char + next : next;
      } else result += char;
    }
    if (stop !== undefined) this.#broken();
    return result;
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end < 0) return this.#broken();
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #double(depth: number): string {
    let result = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at++]!;
      if (char === '"') return result;
      if (char === '$' && this.#dollars) result += this.#dollar(depth);
      else if (char === this.#escape) {
        const next = this.#text[this.#at] ?? '';
        if (next === '"' || next === '$' || next === this.#escape) {
          this.#at++;
          result += next;
        } else result += char;
      } else result += char;
    }
    return this.#broken();
  }

  #dollar(depth: number): string {
    if (depth > deepest) return this.#broken();
    if (this.#text[this.#at] !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#value(name);
    }
    this.#at++;
    const name = this.#name();
    if (name === '') return this.#broken();
    const sign = this.#text[this.#at++];
    if (sign === '}') return this.#value(name);
    const value = this.#variables.values.get(name);
    if (sign === ':' || sign === '-' || sign === '+' || sign === '?') {
      const how = sign === ':' ? this.#text[this.#at++] : sign;
      const isSet = value !== undefined && (sign !== ':' || value !== '');
      const missed = new Set(this.missing);
      const word = this.until(['}'], depth + 1);
      this.#at++;
      const unused = (how === '+') !== isSet;
      // what stands in a branch that is not taken needs no value
      if (unused) for (const one of [...this.missing]) if (!missed.has(one)) this.missing.delete(one);
      if (how === '+') return isSet ? word : '';
      if (how === '-') return isSet ? value : word;
      if (how === '?') return isSet ? value : this.#miss(name, true);
      return this.#broken();
    }
    if (sign === '#' || sign === '%' || sign === '/') return this.#cut(name, sign, depth);
    return this.#broken();
  }

  /** `#`, `##`, `%`, `%%` take a pattern away from an end, `/` and `//` replace it. */
  #cut(name: string, sign: string, depth: number): string {
    const isLong = this.#text[this.#at] === sign;
    if (isLong) this.#at++;
    const pattern = this.until(sign === '/' ? ['/', '}'] : ['}'], depth + 1, true);
    let replacement = '';
    if (sign === '/' && this.#text[this.#at] === '/') {
      this.#at++;
      replacement = this.until(['}'], depth + 1);
    }
    this.#at++;
    const value = this.#value(name);
    if (pattern.length > 64 || value.length > 512) return this.#broken();
    if (sign === '/') return replaced(value, pattern, replacement, isLong, this.#escape);
    return trimmed(value, pattern, sign === '#', isLong, this.#escape);
  }

  #name(): string {
    const match = /^(?:[A-Za-z_][A-Za-z0-9_]*|\d+|[@*#?\-$!])/.exec(
      this.#text.slice(this.#at, this.#at + 256),
    );
    this.#at += match?.[0].length ?? 0;
    return match?.[0] ?? '';
  }

  #value(name: string): string {
    return this.#variables.values.get(name) ?? this.#miss(name);
  }

  #miss(name: string, isNeeded = this.#variables.open.has(name)): string {
    if (isNeeded && this.missing.size < mostMissing) this.missing.add(name);
    return '';
  }

  /** BuildKit refuses it; nobody can say what it stands for. */
  #broken(): string {
    this.#at = this.#text.length + 1;
    this.isBroken = true;
    return '';
  }
}

/** Where a shell pattern (`*`, `?`, escaped characters) that begins at `start` can end. Bounded, whatever the pattern. */
function endsOf(text: string, start: number, pattern: string, escapeChar: string): Set<number> {
  let reach = new Set([start]);
  for (let at = 0; at < pattern.length; at++) {
    const isEscaped = pattern[at] === escapeChar && at + 1 < pattern.length;
    const char = isEscaped ? pattern[++at]! : pattern[at]!;
    const next = new Set<number>();
    if (char === '*' && !isEscaped) for (let to = Math.min(...reach); to <= text.length; to++) next.add(to);
    else
      for (const place of reach)
        if (place < text.length && ((char === '?' && !isEscaped) || text[place] === char))
          next.add(place + 1);
    if (next.size === 0) return next;
    reach = next;
  }
  return reach;
}

function trimmed(
  value: string,
  pattern: string,
  isPrefix: boolean,
  isLong: boolean,
  escapeChar: string,
): string {
  if (isPrefix) {
    const ends = [...endsOf(value, 0, pattern, escapeChar)];
    return ends.length === 0 ? value : value.slice(isLong ? Math.max(...ends) : Math.min(...ends));
  }
  const starts = Array.from({ length: value.length + 1 }, (_, at) => at).filter((at) =>
    endsOf(value, at, pattern, escapeChar).has(value.length),
  );
  return starts.length === 0 ? value : value.slice(0, isLong ? Math.min(...starts) : Math.max(...starts));
}

/** Longest match first, as shells replace. */
function replaced(
  value: string,
  pattern: string,
  replacement: string,
  isAll: boolean,
  escapeChar: string,
): string {
  let result = '';
  for (let at = 0; at < value.length; ) {
    const end = Math.max(at, ...endsOf(value, at, pattern, escapeChar));
    if (end === at) {
      result += value[at++]!;
      continue;
    }
    result += replacement;
    at = end;
    if (!isAll) return result + value.slice(at);
  }
  return result;
}
