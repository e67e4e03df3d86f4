// Which images a Dockerfile builds on: each stage's base, what is copied or mounted from, and what nobody can say.

import { parseReference } from '../image/index.ts';
import { dockerfileLines, type Instruction } from './dockerlines.ts';
import { expandWord, splitWords, type Variables } from './dockerwords.ts';
import { invalidDockerfile, LineageFault } from './fault.ts';

export interface DockerfileOptions {
  /** Build arguments: values that stand above the defaults. */
  args?: Readonly<Record<string, string>>;
  /** Stage that is built, by name or number; the last when left out. */
  target?: string;
  /** `linux/amd64`, for TARGETPLATFORM and its kin. */
  platform?: string;
}

/** What a stage stands on or takes files from. */
export type Source =
  | { kind: 'image'; reference: string }
  | { kind: 'stage'; stage: number }
  | { kind: 'scratch' }
  /** `missing`: arguments without a value; none: it names no image, whatever they are. */
  | { kind: 'undecided'; text: string; missing: string[] };

export interface Stage {
  name?: string;
  /** Line of its FROM. */
  line: number;
  base: Source;
  platform?: string;
  /** COPY --from and RUN --mount from, each once. */
  uses: Source[];
  /** The target needs it. */
  isBuilt: boolean;
}

export interface DockerfileBases {
  stages: Stage[];
  target: number;
  /** What the built image stands on in the end, behind stages that only stand on each other. */
  base: Exclude<Source, { kind: 'stage' }>;
  /** The image that `# syntax=` has read the Dockerfile. */
  syntax?: string;
}

const mostStages = 1000;
const stageName = /^[a-z][a-z0-9._-]*$/;

/** Throws LineageFault `dockerfile-invalid`, `dockerfile-target-unknown`. */
export function parseDockerfile(text: string, options: DockerfileOptions = {}): DockerfileBases {
  const { instructions, escapeChar, syntax } = dockerfileLines(text);
  const globals = globalArguments(options.platform);
  const stages: Stage[] = [];
  const taken: (From & { stage: Stage })[] = [];
  for (const instruction of instructions) {
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') {
      if (stages.length >= mostStages)
        throw invalidDockerfile(instruction.line, `at most ${mostStages} stages`, 'more');
      stages.push(stageOf(instruction, stages, globals, escapeChar));
    } else if (stage === undefined) {
      if (instruction.name !== 'ARG')
        throw invalidDockerfile(instruction.line, 'FROM or ARG before the first stage', instruction.name);
      declare(instruction, globals, options.args ?? {}, escapeChar);
    } else if (instruction.name === 'COPY' || instruction.name === 'RUN')
      taken.push(...sourcesOf(instruction, escapeChar).map((from) => ({ ...from, stage })));
  }
  if (stages.length === 0) throw invalidDockerfile(1, 'a FROM instruction', 'none');
  for (const from of taken) use(from.stage, from, stages);
  const target = targetOf(stages, options.target);
  mark(stages, target);
  return { stages, target, base: baseOf(stages, target), ...(syntax === undefined ? {} : { syntax }) };
}

interface Globals extends Variables {
  values: Map<string, string>;
  open: Set<string>;
}

/** Arguments that every build has; those of the machine that builds are nobody's to know. */
function globalArguments(platform: string | undefined): Globals {
  const target = ['TARGETPLATFORM', 'TARGETOS', 'TARGETARCH', 'TARGETVARIANT'];
  const build = target.map((name) => name.replace('TARGET', 'BUILD'));
  if (platform === undefined) return { values: new Map(), open: new Set([...target, ...build]) };
  const parts = [platform, ...platform.split('/')];
  return { values: new Map(target.map((name, at) => [name, parts[at] ?? ''])), open: new Set(build) };
}

/** ARG before the first FROM: `NAME`, `NAME=DEFAULT`, several on a line; a default may use what stands before it. */
function declare(
  { rest }: Instruction,
  globals: Globals,
  given: Readonly<Record<string, string>>,
  escapeChar: string,
): void {
  for (const word of splitWords(rest, escapeChar)) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (Object.hasOwn(given, name)) {
      set(globals, name, given[name]!);
      continue;
    }
    if (equals < 0) {
      if (!globals.values.has(name)) globals.open.add(name);
      continue;
    }
    const { text, missing } = expandWord(word.slice(equals + 1), globals, escapeChar);
    // a default made of a value nobody gave is none
    if (missing.length === 0) set(globals, name, text);
    else {
      globals.values.delete(name);
      globals.open.add(name);
    }
  }
}

function set(globals: Globals, name: string, value: string): void {
  globals.values.set(name, value);
  globals.open.delete(name);
}

function stageOf(
  { rest, line }: Instruction,
  stages: readonly Stage[],
  globals: Globals,
  escapeChar: string,
): Stage {
  const { flags, words } = flagsOf(rest, escapeChar);
  const [image, as, given] = words;
  const isNamed = words.length === 3 && as!.toLowerCase() === 'as';
  if (image === undefined || (words.length !== 1 && !isNamed))
    throw invalidDockerfile(line, 'FROM IMAGE [AS NAME]', `FROM ${rest}`);
  const name = isNamed ? given!.toLowerCase() : undefined;
  if (name !== undefined && !stageName.test(name)) throw invalidDockerfile(line, 'a stage’s name', given!);
  const platform = flags.get('platform');
  const expanded = platform === undefined ? undefined : expandWord(platform, globals, escapeChar);
  return {
    ...(name === undefined ? {} : { name }),
    line,
    base: sourceOf(image, stages, globals, escapeChar),
    ...(expanded === undefined || expanded.missing.length > 0 ? {} : { platform: expanded.text }),
    uses: [],
    isBuilt: false,
  };
}

function sourceOf(word: string, stages: readonly Stage[], globals: Globals, escapeChar: string): Source {
  const { text, missing } = expandWord(word, globals, escapeChar);
  if (missing.length > 0) return { kind: 'undecided', text: word, missing };
  // stage names are lower-case, and FROM compares letter by letter
  const stage = stages.findLastIndex(({ name }) => name === text);
  if (stage >= 0) return { kind: 'stage', stage };
  if (text === 'scratch') return { kind: 'scratch' };
  return isReference(text)
    ? { kind: 'image', reference: text }
    : { kind: 'undecided', text: word, missing: [] };
}

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

interface From {
  from: string;
  /** COPY may also name a stage by its number. */
  byNumber: boolean;
}

/** `--from` of COPY, `from=` of a mount; variables are not replaced there. */
function sourcesOf({ name, rest }: Instruction, escapeChar: string): From[] {
  const { flags, mounts } = flagsOf(rest, escapeChar);
  if (name === 'COPY') return flags.has('from') ? [{ from: flags.get('from')!, byNumber: true }] : [];
  return mounts.flatMap((mount) =>
    fieldsOf(mount).flatMap((field) => {
      const from = /^from=(.+)$/i.exec(field)?.[1];
      return from === undefined ? [] : [{ from, byNumber: false }];
    }),
  );
}

/** Any other stage of the Dockerfile, whatever its place; else an image. */
function use(stage: Stage, { from, byNumber }: From, stages: readonly Stage[]): void {
  const number = byNumber && /^\d+$/.test(from);
  const at = number ? Number(from) : stages.findLastIndex(({ name }) => name === from.toLowerCase());
  const other = at >= 0 ? stages[at] : undefined;
  const source: Source =
    other !== undefined && other !== stage
      ? { kind: 'stage', stage: at }
      : other === stage || number || from.includes('$') || !isReference(from)
        ? { kind: 'undecided', text: from, missing: [] }
        : from === 'scratch'
          ? { kind: 'scratch' }
          : { kind: 'image', reference: from };
  const text = JSON.stringify(source);
  if (!stage.uses.some((one) => JSON.stringify(one) === text)) stage.uses.push(source);
}

/** Leading words that begin with `--`; values without their quotes. */
function flagsOf(
  rest: string,
  escapeChar: string,
): { flags: Map<string, string>; mounts: string[]; words: string[] } {
  const words = splitWords(rest, escapeChar);
  const flags = new Map<string, string>();
  const mounts: string[] = [];
  let at = 0;
  for (; words[at]?.startsWith('--'); at++) {
    const word = words[at]!;
    if (word === '--') {
      at++;
      break;
    }
    const equals = word.indexOf('=');
    const key = word.slice(2, equals < 0 ? undefined : equals);
    const value = equals < 0 ? '' : word.slice(equals + 1).replace(/^(["'])(.*)\1$/, '$2');
    if (key === 'mount') mounts.push(value);
    flags.set(key, value);
  }
  return { flags, mounts, words: words.slice(at) };
}

/** Fields of a mount, separated by commas outside of quotes. */
function fieldsOf(mount: string): string[] {
  return (mount.match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((field) => field.replaceAll('"', '').trim());
}

function targetOf(stages: readonly Stage[], wanted: string | undefined): number {
  if (wanted === undefined) return stages.length - 1;
  const named = stages.findLastIndex(({ name }) => name === wanted.toLowerCase());
  if (named >= 0) return named;
  if (/^\d{1,4}$/.test(wanted) && Number(wanted) < stages.length) return Number(wanted);
  const names = stages.flatMap(({ name }) => name ?? []);
  throw new LineageFault(
    'dockerfile-target-unknown',
    `expected a stage to build, got ${wanted.slice(0, 80)}`,
    {
      hint:
        names.length > 0 ? `Its stages are ${names.slice(0, 20).join(', ')}.` : 'No stage of it has a name.',
    },
  );
}

function mark(stages: readonly Stage[], target: number): void {
  const open = [target];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const stage = stages[at]!;
    if (stage.isBuilt) continue;
    stage.isBuilt = true;
    for (const source of [stage.base, ...stage.uses]) if (source.kind === 'stage') open.push(source.stage);
  }
}

function baseOf(stages: readonly Stage[], target: number): DockerfileBases['base'] {
  // a stage stands on earlier ones only, so this ends
  let { base } = stages[target]!;
  while (base.kind === 'stage') base = stages[base.stage]!.base;
  return base;
}
