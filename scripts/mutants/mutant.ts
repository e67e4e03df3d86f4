// The form of a mutant: one check taken out of the source, and the tests that must notice.

export interface Mutant {
  /** What is taken out, as a sentence of what the product then no longer does. */
  name: string;
  /** The source, from the checkout's root. */
  file: string;
  /** A text that stands in the file exactly once; what `replace` takes the place of. */
  find: string;
  replace: string;
  /** The test files that are run. */
  tests: readonly string[];
  /**
   * Titles of the tests that must fail, and all of them: `suite > test`, or how that begins. Every other test of the
   * files must pass, so that each check is seen to be held by its own test and not by chance.
   */
  red: readonly string[];
}

/** Mutants of one source with one set of tests, so that a list names both once. */
export function mutantsOf(
  file: string,
  tests: readonly string[],
  list: readonly Omit<Mutant, 'file' | 'tests'>[],
): Mutant[] {
  return list.map((mutant) => ({ ...mutant, file, tests }));
}
