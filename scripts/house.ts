// Holds the house of ARCHITECTURE.md: which room may import which, and which room touches the outside.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export interface House {
  /** Rooms and sub-rooms in order: `scan`, `scan/match`. */
  order: string[];
}

const pure = [
  'image',
  'scan/package',
  'scan/version',
  'scan/match',
  'scan/report',
  'trust/evidence',
  'trust/certificate',
  'trust/policy',
  'cluster/workload',
  'renewal/rebase',
];
/** What stands in a cluster goes on alone: nothing of it reaches what only a server has. */
const alone = [/^src\/cluster\/admission\//, /^src\/server\/agent\.ts$/];
const serverOnly = /^src\/(?:ledger|lineage|watch|renewal)\//;
const outside =
  /^node:(?:fs|fs\/promises|net|http|https|http2|tls|dns|dgram|child_process|worker_threads|sqlite|readline|os)(?:\/|$)|^undici|^fastify/;

/** The table: two spaces before a room, four before a sub-room. */
export function parseHouse(markdown: string): House {
  const table = /```\nsrc\/\n([\s\S]*?)```/.exec(markdown)?.[1];
  if (table === undefined) throw new Error('ARCHITECTURE.md: expected the table of rooms, got none');
  const order: string[] = [];
  let room = '';
  for (const line of table.split('\n')) {
    const found = /^( {2}| {4})([a-z]+)\/ /.exec(line);
    if (found === null) continue;
    if (found[1]!.length === 2) room = found[2]!;
    order.push(found[1]!.length === 2 ? room : `${room}/${found[2]}`);
  }
  return { order };
}

/** Every breach, a sentence each. */
export function breaches(root: string): string[] {
  const house = parseHouse(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));
  const files = globSync('src/**/*.ts', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
  const sources = files.filter((file) => !file.endsWith('.test.ts') && !file.startsWith('src/testing/'));
  const problems: string[] = [];
  const graph = new Map<string, string[]>();
  for (const file of sources) {
    const room = roomOf(file, house);
    if (room === undefined) {
      problems.push(`${file} lies in no room of ARCHITECTURE.md`);
      continue;
    }
    const targets: string[] = [];
    for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
      if (!specifier.startsWith('.')) {
        if (pure.includes(room) && outside.test(specifier))
          problems.push(`${file} imports ${specifier}: ${room} does no I/O`);
        if (/^undici/.test(specifier) && room !== 'net')
          problems.push(`${file} imports ${specifier}: undici enters through net alone`);
        if (/^(?:kysely|pg)(?:\/|$)/.test(specifier) && room !== 'ledger')
          problems.push(`${file} imports ${specifier}: Kysely and pg enter through ledger alone`);
        continue;
      }
      const target = relative(root, resolve(root, dirname(file), specifier)).replaceAll('\\', '/');
      if (!target.startsWith('src/')) continue;
      if (!existsSync(join(root, target))) problems.push(`${file} imports ${target}, which is not there`);
      targets.push(target);
      const problem = breach(file, room, target, house);
      if (problem) problems.push(problem);
    }
    graph.set(file, targets);
  }
  for (const file of graph.keys())
    if (alone.some((part) => part.test(file))) {
      const path = wayTo(graph, file, serverOnly);
      if (path) problems.push(`${file} reaches what only a server has: ${path.join(' → ')}`);
    }
  for (const circle of circles(graph)) problems.push(`import circle: ${circle.join(' → ')}`);
  return problems;
}

function breach(file: string, room: string, target: string, house: House): string | undefined {
  const other = roomOf(target, house);
  if (other === undefined) return `${file} imports ${target}: tests only`;
  if (other === room) return undefined;
  const said = `${file} imports ${target}`;
  if (!target.endsWith('/index.ts') || target !== `src/${other}/index.ts`)
    return `${said}: not through its index.ts`;
  if (
    room.startsWith(`${other}/`) &&
    other.split('/').length === 1 &&
    house.order.some((name) => name.startsWith(`${other}/`))
  )
    return house.order.indexOf(other) < house.order.indexOf(room) && other === 'core'
      ? undefined
      : `${said}: a sub-room does not import the front`;
  if (other.startsWith(`${room}/`)) return undefined;
  if (house.order.indexOf(other) > house.order.indexOf(room)) return `${said}: ${other} stands after ${room}`;
  const pair = [room, other].sort().join(' ');
  if (pair === 'scan/advisory scan/inventory') return `${said}: inventory and advisory never meet`;
  if (other === 'registry' && room.split('/')[0] !== 'server') return `${said}: server and tests only`;
  return undefined;
}

/** The longest entry of the table that a file lies under. */
function roomOf(file: string, house: House): string | undefined {
  const parts = file.split('/').slice(1, -1);
  for (let count = parts.length; count > 0; count--) {
    const name = parts.slice(0, count).join('/');
    if (name === 'testing') return undefined;
    if (house.order.includes(name)) return count === parts.length || count === 2 ? name : undefined;
  }
  return undefined;
}

/** What a file imports: statements, `import()`, and the URLs of workers. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const found = [
    ...code.matchAll(/^(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gms),
    ...code.matchAll(/^import\s+['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g),
    ...code.matchAll(/\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]\s*,\s*import\.meta\.url/g),
  ];
  return found.map((match) => match[1]!);
}

/** The shortest way along imports to a file that the pattern names. */
function wayTo(graph: Map<string, string[]>, from: string, pattern: RegExp): string[] | undefined {
  const seen = new Set([from]);
  for (const paths = [[from]]; ; ) {
    const path = paths.shift();
    if (path === undefined) return undefined;
    for (const target of graph.get(path.at(-1)!) ?? []) {
      if (pattern.test(target)) return [...path, target];
      if (seen.has(target)) continue;
      seen.add(target);
      paths.push([...path, target]);
    }
  }
}

function circles(graph: Map<string, string[]>): string[][] {
  const state = new Map<string, 'open' | 'done'>();
  const found: string[][] = [];
  const visit = (file: string, path: string[]) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      found.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    state.set(file, 'open');
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
