// Holds the catalogues of docs/ equal to the code: errors, undecided codes, rejections, denials, limits.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLimits, undecidedCodes } from '../src/core/index.ts';
import { rejections } from '../src/trust/evidence/index.ts';
import { denials } from '../src/trust/policy/verdict.ts';

/** Every difference, a sentence each. */
export function catalogueProblems(root: string): string[] {
  return [
    ...differences('docs/errors.md', faultCodes(root), listed(root, 'docs/errors.md')),
    ...differences('docs/undecided.md', Object.keys(undecidedCodes), listed(root, 'docs/undecided.md')),
    ...differences('docs/rejections.md', Object.keys(rejections), listed(root, 'docs/rejections.md')),
    ...differences('docs/policy.md', Object.keys(denials), listed(root, 'docs/policy.md', '\n## Codes\n')),
    ...differences('docs/limits.md', Object.keys(defaultLimits), listed(root, 'docs/limits.md')),
    ...limitValues(root),
    ...idleLimits(root),
  ];
}

/** The closed unions `export type XFaultCode = 'a' | 'b'`. */
export function faultCodes(root: string): string[] {
  const codes = new Set<string>();
  for (const file of globSync('src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts'] })) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const union of text.matchAll(/export type \w+FaultCode\s*=\s*([^;]+);/g))
      for (const code of union[1]!.matchAll(/'([a-z0-9-]+)'/g)) codes.add(code[1]!);
  }
  return [...codes];
}

/** The first cell of every table row, where it is one `code`; of the rows after `heading` where one is given. */
function listed(root: string, file: string, heading = ''): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const part = text.slice(Math.max(0, text.indexOf(heading)));
  return [...part.matchAll(/^\| `([A-Za-z0-9-]+)` \|/gm)].map((row) => row[1]!);
}

function limitValues(root: string): string[] {
  const text = readFileSync(join(root, 'docs/limits.md'), 'utf8');
  return Object.entries(defaultLimits).flatMap(([name, value]) => {
    const said = new RegExp(`^\\| \`${name}\` \\| ([\\d,]+) \\|`, 'm').exec(text)?.[1];
    if (said === undefined || Number(said.replaceAll(',', '')) === value) return [];
    return [`docs/limits.md says ${name} is ${said}, the code says ${value}`];
  });
}

/** A bound that nothing holds protects nobody. */
function idleLimits(root: string): string[] {
  const files = globSync('src/**/*.ts', { cwd: root, exclude: ['**/*.test.ts', 'src/core/limits.ts'] });
  const code = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  return Object.keys(defaultLimits)
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(code))
    .map((name) => `src/core/limits.ts has ${name}, which nothing holds`);
}

function differences(file: string, code: readonly string[], documented: readonly string[]): string[] {
  return [
    ...code.filter((name) => !documented.includes(name)).map((name) => `${file} does not list \`${name}\``),
    ...documented
      .filter((name) => !code.includes(name))
      .map((name) => `${file} lists \`${name}\`, which the code does not have`),
    ...documented
      .filter((name, i) => documented.indexOf(name) !== i)
      .map((name) => `${file} lists \`${name}\` twice`),
  ];
}
