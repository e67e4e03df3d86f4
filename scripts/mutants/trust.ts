// Mutants of trust: the words of verification.
import { type Mutant, mutantsOf } from './mutant.ts';

const match = mutantsOf(
  'src/trust/evidence/match.ts',
  ['src/trust/evidence/match.test.ts'],
  [
    {
      name: 'a pattern is not anchored at its end (N5, N14)',
      find: "}$`, 's')",
      replace: "}`, 's')",
      red: [
        'a pattern > does not match what merely begins',
        'a pattern > of one star',
        'a pattern > takes every other',
      ],
    },
    {
      name: 'a pattern is not anchored at its beginning (N5, N14)',
      find: 'RegExp(`^',
      replace: 'RegExp(`',
      red: [
        'a pattern > does not match what merely ends',
        'a pattern > of one star',
        'a pattern > takes every other',
      ],
    },
    {
      name: 'one star crosses slashes (N14)',
      find: "'[^/]*'",
      replace: "'.*'",
      red: ['a pattern > of one star stays within a path segment'],
    },
    {
      name: 'a dot in a pattern is any character',
      find: String.raw`/[\\^$.*+?()[\]{}|/-]/g`,
      replace: String.raw`/[\\^$*+?()[\]{}|/-]/g`,
      red: ['a pattern > takes every other character as itself'],
    },
    {
      name: 'an exact text matches what contains it',
      find: 'match.exact === text',
      replace: 'text.includes(match.exact)',
      red: ['an exact text > is compared whole'],
    },
    {
      name: 'a pattern without letters passes as an identity (N18)',
      find: "if (fixed.trim() === '' || /^[./:@-]*$/.test(fixed)) return false;",
      replace: '',
      red: ['a pattern of identities > that trusts strangers is not'],
    },
    {
      name: 'a wildcard for the host passes as an identity',
      find: ": !host.includes('*')",
      replace: ': true',
      red: ['a pattern of identities > that trusts strangers is not'],
    },
  ],
);

const answer = mutantsOf(
  'src/trust/evidence/answer.ts',
  ['src/trust/evidence/answer.test.ts'],
  [
    {
      name: 'what could not be judged is a denial',
      find: 'undecided: openRejections.has(code)',
      replace: 'undecided: false',
      red: ['only what could not be judged is undecided'],
    },
  ],
);

const signer = mutantsOf(
  'src/trust/evidence/signer.ts',
  ['src/trust/evidence/answer.test.ts'],
  [
    {
      name: 'one Notation signer counts twice with two certificates (N7)',
      find: 'return `x509 ',
      replace: 'return signer.fingerprint + `x509 ',
      red: ['a signer of Notation keeps its name'],
    },
    {
      name: 'the issuer is left out of a signer’s name',
      find: "if (signer.kind === 'keyless')",
      replace: "if (signer.kind === 'keyless') return signer.subject;\n  if (signer.kind === 'keyless')",
      red: ['a signer has one name'],
    },
  ],
);

export const trust: readonly Mutant[] = [...match, ...answer, ...signer];
