// Mutants of inverse matching: what a change of advisories touches, through crashes and beside other updates.
import { type Mutant, mutantsOf } from './mutant.ts';

const tests = ['src/watch/rejudge.test.ts'];
const property = 'whatever changes, the book says what judging everything again would say (sqlite)';

export const watchMutants: readonly Mutant[] = [
  ...mutantsOf('src/watch/state.ts', tests, [
    {
      name: 'watch: an update that nobody noted is passed over',
      find: "if (known === update.before && update.changed !== 'all')",
      replace: "if (update.changed !== 'all')",
      red: ['an update that nobody noted, or no known one, has everything judged again (sqlite)'],
    },
    {
      name: 'watch: records that only name or rate a flaw touch nothing',
      find: '[...packages, ...ids.map(',
      replace: '[...packages, ...ids.slice(0, 0).map(',
      red: [property],
    },
  ]),
  ...mutantsOf('src/watch/rejudge.ts', tests, [
    {
      name: 'watch: what was judged by other advisories is kept as judged',
      find: "if ((await stateOf(write, 'revision')) !== revision) return undefined;",
      replace: '',
      red: ['what is judged while the advisories change is judged again (sqlite)'],
    },
    {
      name: 'watch: a finding that stays is as new as its last judgement',
      find: 'since: row?.since ?? now',
      replace: 'since: now',
      red: ['what stays a finding keeps its day, what two images share is judged once (sqlite)'],
    },
  ]),
  ...mutantsOf('src/scan/advisory/delta.ts', tests, [
    {
      name: 'watch: an ecosystem that comes reaches nothing seen before',
      find: 'if (before.has(name) && after.has(name)) continue;',
      replace: 'continue;',
      red: [
        'an ecosystem that the database did not have reaches images seen before (sqlite)',
        'a distribution that gets advisories speaks for what it packaged, in images seen before (sqlite)',
      ],
    },
  ]),
];
