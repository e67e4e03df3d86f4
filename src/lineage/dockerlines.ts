// A Dockerfile as instructions: directives, comments, continued lines and here-documents taken away, as BuildKit's
// parser does (frontend/dockerfile/parser/parser.go).

import { heredocsOf } from './dockerwords.ts';
import { invalidDockerfile } from './fault.ts';

export interface Instruction {
  /** Upper-case. */
  name: string;
  /** What stands behind the name, flags included. */
  rest: string;
  /** Of its first line, from 1. */
  line: number;
}

export interface DockerfileLines {
  instructions: Instruction[];
  /** `\` or a backtick. */
  escapeChar: string;
  /** `# syntax=`: the image that reads the Dockerfile. */
  syntax?: string;
}

const longest = 1 << 20;
const mostInstructions = 20_000;
const heredocInstructions: ReadonlySet<string> = new Set(['RUN', 'COPY', 'ADD']);

/** Throws LineageFault `dockerfile-invalid`. */
export function dockerfileLines(text: string): DockerfileLines {
  if (text.length > longest) throw invalidDockerfile(1, `at most ${longest} characters`, String(text.length));
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => line.replace(/[\r\n]+$/, ''));
  const { escapeChar, syntax } = directivesOf(lines);
  const instructions: Instruction[] = [];
  let at = 0;
  const next = (): string | undefined => lines[at++];
  for (let line = next(); line !== undefined; line = next()) {
    const start = at;
    let { part, ends } = continued(withoutComment(line.replace(/^[\s\0]+/, '')), escapeChar);
    let whole = part;
    while (!ends) {
      const more = next();
      if (more === undefined) break;
      if (/^\s*#/.test(more) || /^\s*$/.test(more)) continue;
      ({ part, ends } = continued(more, escapeChar));
      whole += part;
      if (whole.length > longest) throw invalidDockerfile(start, 'a shorter instruction', 'a longer one');
    }
    const instruction = instructionOf(whole, start);
    if (instruction === undefined) continue;
    if (instructions.length >= mostInstructions)
      throw invalidDockerfile(start, `at most ${mostInstructions} instructions`, 'more');
    instructions.push(instruction);
    for (const heredoc of heredocsIn(instruction, escapeChar)) {
      let body = next();
      while (body !== undefined && (heredoc.chomp ? body.replace(/^\t+/, '') : body) !== heredoc.name)
        body = next();
      if (body === undefined)
        throw invalidDockerfile(start, `a line ${heredoc.name} that ends the here-document`, 'none');
    }
  }
  return { instructions, escapeChar, ...(syntax === undefined ? {} : { syntax }) };
}

/** Directives stand on the first lines; whatever else comes ends them. */
function directivesOf(lines: readonly string[]): { escapeChar: string; syntax?: string } {
  const found = new Map<string, string>();
  for (const [at, line] of lines.entries()) {
    const match = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S(?:.*\S)?)\s*$/.exec(line);
    const key = match?.[1]?.toLowerCase();
    if (key === undefined || !['syntax', 'escape', 'check'].includes(key)) break;
    if (found.has(key)) throw invalidDockerfile(at + 1, `one ${key} directive`, 'a second one');
    if (key === 'escape' && match![2] !== '\\' && match![2] !== '`')
      throw invalidDockerfile(at + 1, 'an escape of \\ or `', match![2]!);
    found.set(key, match![2]!);
  }
  const syntax = found.get('syntax')?.split(/\s/)[0];
  return { escapeChar: found.get('escape') ?? '\\', ...(syntax === undefined ? {} : { syntax }) };
}

function withoutComment(line: string): string {
  return line.startsWith('#') ? '' : line;
}

/** A line goes on when it ends in the escape, which is not itself escaped. */
function continued(line: string, escapeChar: string): { part: string; ends: boolean } {
  const trimmed = line.replace(/[ \t]+$/, '');
  if (!trimmed.endsWith(escapeChar)) return { part: line, ends: true };
  const before = trimmed.at(-2);
  if (before === escapeChar) return { part: line, ends: true };
  return { part: trimmed.slice(0, -1), ends: false };
}

function instructionOf(text: string, line: number): Instruction | undefined {
  const match = /^\s*(\S+)\s*([\s\S]*)$/.exec(text);
  if (match === null) return undefined;
  return { name: match[1]!.toUpperCase(), rest: match[2]!.trim(), line };
}

function heredocsIn({ name, rest }: Instruction, escapeChar: string): { name: string; chomp: boolean }[] {
  if (!rest.includes('<<')) return [];
  if (heredocInstructions.has(name)) return heredocsOf(rest, escapeChar);
  const below = name === 'ONBUILD' ? instructionOf(rest, 0) : undefined;
  return below !== undefined && heredocInstructions.has(below.name) ? heredocsOf(below.rest, escapeChar) : [];
}
