// Mutants of repositories that are read and written without git: what is believed, and what is never moved from under others.
import { type Mutant, mutantsOf } from './mutant.ts';

const at = (name: string) => `src/cluster/git/bare/${name}.ts`;
const tests = ['src/cluster/git/bare/bare.test.ts'];

export const bare: readonly Mutant[] = [
  ...mutantsOf(at('objectfiles'), tests, [
    {
      name: 'an object is believed under another object’s name',
      find: 'if (idOf(object) !== id)',
      replace: 'if (false)',
      red: ['damaged objects are named and never believed'],
    },
  ]),
  ...mutantsOf(at('object'), tests, [
    {
      name: 'an object may be of any size',
      find: 'maxOutputLength: Math.max(most, 1)',
      replace: 'maxOutputLength: 2 ** 31',
      red: ['damaged objects are named and never believed'],
    },
  ]),
  ...mutantsOf(at('delta'), tests, [
    {
      name: 'a delta may read outside of its base',
      find: 'if (offset + length > base.length || filled + length > total)',
      replace: 'if (filled + length > total)',
      red: ['deltas that lie about sizes'],
    },
  ]),
  ...mutantsOf(at('names'), tests, [
    {
      name: 'a branch is moved though somebody else moved it',
      find: 'if (stands !== from)',
      replace: 'if (false)',
      red: ['two who move a branch'],
    },
    {
      name: 'a name leads out of the repository',
      find: "if (!isName(name)) throw refuse('a name that git does not take');",
      replace: '',
      red: ['two who move a branch'],
    },
  ]),
  ...mutantsOf(at('open'), tests, [
    {
      name: 'a repository of another shape is opened as if it were understood',
      find: 'if (strange !== undefined)',
      replace: 'if (false)',
      red: ['what needs git says so, and why'],
    },
  ]),
  ...mutantsOf(at('tree'), tests, [
    {
      name: 'names of a tree are in another order than git’s',
      find: "mode === '40000' ?",
      replace: 'name.length < 0 ?',
      red: ['without git the same commits', 'what is read without git is what git reads'],
    },
  ]),
];
