// Mutants of other reasons to renew and of smoke tests: nothing begins twice, nothing untried gets a tag (issue 7).
import { type Mutant, mutantsOf } from './mutant.ts';

const reasons = ['src/renewal/reasons.test.ts'];
const hub = ['src/server/hubreasons.test.ts'];
const trial = ['src/renewal/trial.test.ts'];

export const reasonMutants: readonly Mutant[] = [
  ...mutantsOf('src/renewal/follow.ts', reasons, [
    {
      name: 'reasons: an image begins again for a reason that it began for',
      find: '!known.has(`${reference} ${digest} ${reason}`)',
      replace: 'true',
      red: [
        'an image that is too old (sqlite) > of which nothing is configured',
        'a fix that is in the base already (sqlite) > begins again',
      ],
    },
    {
      name: 'reasons: what was pushed meanwhile is rebuilt for the age of what was there before',
      find: ' && one.digest === cause.digest',
      replace: '',
      red: [
        'an image that is too old (sqlite) > is rebuilt on the base that did not move',
        'an image that is too old (sqlite) > that waits for its base',
      ],
    },
  ]),
  ...mutantsOf('src/renewal/tagging.ts', reasons, [
    {
      name: 'reasons: a push between the look and the rebuild is taken for old',
      find: 'if (isForAge(image) && digest !== image.from_digest)',
      replace: 'if (false)',
      red: ['an image that is too old (sqlite) > is rebased where its base has moved'],
    },
    {
      name: 'reasons: a rebuild that gave the same image is rolled out',
      find: 'if (to === image.from_digest) return',
      replace: 'if (false) return',
      red: ['an image that is too old (sqlite) > whose rebuild gives the very same image'],
    },
  ]),
  ...mutantsOf('src/renewal/again.ts', reasons, [
    {
      name: 'reasons: a release tries again what never came back',
      find: "last.state === 'returned'",
      replace: 'true',
      red: ['the same digest again (sqlite) > after a release'],
    },
    {
      name: 'reasons: the same policy is asked again',
      find: ' && policy.hash !== id',
      replace: '',
      red: ['the same digest again (sqlite) > under another policy'],
    },
  ]),
  ...mutantsOf('src/renewal/begin.ts', reasons, [
    {
      name: 'reasons: a renewal of one image stands for the move of the base',
      find: 'known.find((one) => isWhole(one.cause) && (',
      replace: 'known.find((one) => (',
      red: [
        'a fix that is in the base already (sqlite) > waits for a base',
        'the same digest again (sqlite) > asked for by a person',
      ],
    },
  ]),
  ...mutantsOf('src/renewal/supersede.ts', reasons, [
    {
      name: 'reasons: a renewal of the same digest ends the one before it',
      find: "    .where('renewal_renewals.base_digest', '!=', to)\n",
      replace: '',
      red: [
        'a fix that is in the base already (sqlite) > waits for a base',
        'the same digest again (sqlite) > asked for by a person',
      ],
    },
  ]),
  ...mutantsOf('src/server/hubage.ts', hub, [
    {
      name: 'reasons: an image just rebuilt is as old as it is dated',
      find: 'Number(made?.at ?? 0)',
      replace: '0',
      red: ['an image that is older than allowed is begun when it is due'],
    },
    {
      name: 'reasons: 1970 is a date',
      find: 'made >= earliest && ',
      replace: '',
      red: ['an image is as old as the oldest of its platforms'],
    },
  ]),
  ...mutantsOf('src/server/hubfixes.ts', hub, [
    {
      name: 'reasons: a base that nobody looked into has no flaws',
      find: ' || base.some(({ isKnown }) => !isKnown)',
      replace: '',
      red: ['what the base fixes'],
    },
    {
      name: 'reasons: a base fixes what the image brought itself',
      find: ' && purls.has(purl)',
      replace: '',
      red: ['what the base fixes'],
    },
  ]),
  ...mutantsOf('src/renewal/trial.ts', trial, [
    {
      name: 'trial: a smoke test gets the secrets of the server',
      find: '.filter(([name]) => passedOn.test(name))',
      replace: '',
      red: ['a smoke test gets the staged image by digest'],
    },
    {
      name: 'trial: what failed has passed',
      find: "passed: text === 'passed'",
      replace: 'passed: true',
      red: ['what does not exit with 0', 'one that does not end in its time'],
    },
  ]),
  ...mutantsOf('src/renewal/trialmark.ts', trial, [
    {
      name: 'trial: whoever has the number of an earlier smoke test is killed',
      find: '.includes(`${markName}=${id}`) === true',
      replace: '!== undefined',
      red: ['what a killed server left running'],
    },
  ]),
  ...mutantsOf('src/renewal/trying.ts', trial, [
    {
      name: 'trial: an image whose smoke test failed gets its tag',
      find: 'return tried.passed ?',
      replace: 'return true ?',
      red: ['a smoke test of an image (sqlite) > that fails stops it'],
    },
  ]),
  ...mutantsOf('src/renewal/work.ts', reasons, [
    {
      name: 'renewal: what stands on an image that stood right waits for ever',
      find: '?? image.to_digest ?? image.from_digest',
      replace: '?? image.to_digest',
      red: ['an image that somebody put on the new base meanwhile (sqlite) > is left as it is'],
    },
  ]),
  ...mutantsOf(
    'src/renewal/work.ts',
    ['src/renewal/rest.test.ts'],
    [
      {
        name: 'renewal: a pipeline that asks to be left alone is asked at once',
        find: 'if (rest !== undefined) return { again',
        replace: 'if (false) return { again',
        red: ['a pipeline that asks to be left alone'],
      },
    ],
  ),
];
