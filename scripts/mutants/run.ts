// Runs mutants: each must be noticed by exactly the tests it names.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkout, makeCheckout } from './checkout.ts';
import type { Mutant } from './mutant.ts';
import type { Ended } from './reporter.ts';

/** What is wrong with a mutant before anything runs: a refactoring must not disable one silently. */
export function mutantProblems(root: string, mutant: Mutant): string[] {
  const { name, file, find, replace, tests, red } = mutant;
  const problems: string[] = [];
  if (!existsSync(join(root, file))) problems.push(`expected ${file}, got nothing there`);
  else {
    const count = readFileSync(join(root, file), 'utf8').split(find).length - 1;
    if (find === '' || count !== 1)
      problems.push(
        `expected the text exactly once in ${file}, got it ${count} times: ${JSON.stringify(find)}`,
      );
  }
  if (find === replace) problems.push('expected a change, got the same text');
  if (red.length === 0) problems.push('expected the titles of the tests that turn red, got none');
  for (const test of tests)
    if (!existsSync(join(root, test))) problems.push(`expected the tests ${test}, got nothing there`);
  return problems.map((problem) => `${name}: ${problem}`);
}

/** Compares what failed with what must fail; the same in both directions. */
export function compare(mutant: Mutant, ended: readonly Ended[]): string[] {
  const failed = ended.filter(({ passed }) => !passed);
  const wanted = (title: string) => mutant.red.some((start) => title.startsWith(start));
  return [
    ...mutant.red
      .filter((start) => !failed.some(({ title }) => title.startsWith(start)))
      .map((start) =>
        ended.some(({ title }) => title.startsWith(start))
          ? `expected “${start}” to fail, got that it passes`
          : `expected a test “${start}”, got none of that title`,
      ),
    ...failed
      .filter(({ title }) => !wanted(title))
      .map(({ title, message }) => `expected “${title}” to pass, got that it fails: ${message}`),
  ].map((problem) => `${mutant.name}: ${problem}`);
}

export interface RunOptions {
  root: string;
  mutants: readonly Mutant[];
  /** How many run at once, each in a checkout of its own. */
  atOnce: number;
  /** Takes a line for each step. */
  say: (line: string) => void;
}

/** Every problem, a sentence each; none when each mutant was noticed by exactly its tests. */
export async function runMutants({ root, mutants, atOnce, say }: RunOptions): Promise<string[]> {
  const names = new Set<string>();
  const broken = mutants.flatMap((mutant) => [
    ...(names.size === names.add(mutant.name).size ? [`${mutant.name}: expected a name of its own`] : []),
    ...mutantProblems(root, mutant),
  ]);
  if (broken.length > 0) return broken;
  const checkouts = Array.from({ length: Math.min(atOnce, mutants.length) }, () => makeCheckout(root));
  try {
    const sets = new Map(mutants.map(({ tests }) => [tests.join(' '), tests]));
    const bad = await unmutated(checkouts, [...sets.values()], say);
    if (bad.length > 0) return bad;
    const problems: string[] = [];
    let done = 0;
    await each(checkouts, mutants, async (checkout, mutant) => {
      const found = await tried(checkout, root, mutant);
      problems.push(...found);
      say(`${++done}/${mutants.length} ${found.length === 0 ? 'noticed ' : 'PROBLEM '} ${mutant.name}`);
    });
    return problems;
  } finally {
    for (const checkout of checkouts) checkout.remove();
  }
}

/** Without a mutant everything is green, together as a mutant runs it, or what a mutant turns red would say nothing. */
async function unmutated(
  checkouts: Checkout[],
  sets: (readonly string[])[],
  say: RunOptions['say'],
): Promise<string[]> {
  const problems: string[] = [];
  await each(checkouts, sets, async (checkout, files) => {
    const ended = await checkout.test(files).catch((error: Error) => error);
    const of = files.join(', ');
    if (ended instanceof Error) problems.push(`${of}: ${error(ended)}`);
    else
      for (const { title, passed, message } of ended)
        if (!passed) problems.push(`${of}: expected “${title}” to pass without a mutant, got: ${message}`);
  });
  say(`without a mutant: ${sets.length} sets of tests, ${problems.length === 0 ? 'all green' : 'not green'}`);
  return problems;
}

async function tried(checkout: Checkout, root: string, mutant: Mutant): Promise<string[]> {
  const text = readFileSync(join(root, mutant.file), 'utf8');
  const changed = text.split(mutant.find).join(mutant.replace);
  try {
    return compare(mutant, await checkout.patched(mutant.file, changed, () => checkout.test(mutant.tests)));
  } catch (cause) {
    return [`${mutant.name}: ${error(cause)}`];
  }
}

async function each<T>(
  checkouts: readonly Checkout[],
  items: readonly T[],
  run: (checkout: Checkout, item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const work = async (checkout: Checkout) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(checkout, item);
  };
  await Promise.all(checkouts.map(work));
}

function error(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
