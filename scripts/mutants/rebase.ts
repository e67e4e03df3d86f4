// Mutants of rebases and lineage: what is proven, who may waive it, what is kept, and what is believed of a base.
import { type Mutant, mutantsOf } from './mutant.ts';

const at = (name: string) => `src/renewal/rebase/${name}.ts`;
const proofs = ['src/renewal/rebase/prove.test.ts'];
const configs = ['src/renewal/rebase/config.test.ts'];
const lineages = ['src/lineage/lineage.test.ts'];
const books = ['src/lineage/book.test.ts'];

export const rebase: readonly Mutant[] = [
  ...mutantsOf(at('proof'), proofs, [
    {
      name: 'a list that lacks a proof proves',
      find: 'found.length > 0 &&',
      replace: 'found.length >= 0 &&',
      red: ['a list that lacks a proof proves nothing'],
    },
    {
      name: 'the author may waive anything',
      find: "new Set(['packages', 'removals', 'overwrites'])",
      replace: 'new Set(proofNames)',
      red: ['the author’s word waives three proofs'],
    },
  ]),
  ...mutantsOf(at('ground'), proofs, [
    {
      name: 'facts of other layers are believed',
      find: 'app.upper.every(({ diffId }, at) => diffId === expected[at]) &&',
      replace: '',
      red: ['a layer that was not read to its end'],
    },
  ]),
  ...mutantsOf(at('consent'), proofs, [
    {
      name: 'an image that says no is rebased where the policy permits it',
      find: "if (said === 'false' ||",
      replace: "if (said === 'never' ||",
      red: ['without a word of the author'],
    },
  ]),
  ...mutantsOf(at('surface'), proofs, [
    {
      name: 'a package database is written above the base',
      find: 'app.upper.flatMap(({ facts }) => facts.databases)',
      replace: 'app.upper.flatMap(({ facts }) => facts.databases.slice(0, 0))',
      red: ['a package database, the linker or its cache', 'the author’s word waives three proofs'],
    },
    {
      name: 'an emptied root removes nothing',
      find: "path === '' || bases.some((has) => has(path))",
      replace: 'bases.some((has) => has(path))',
      red: ['what removes, empties or turns around'],
    },
  ]),
  ...mutantsOf(at('overwrites'), proofs, [
    {
      name: 'a history that does not fit says what was copied',
      find: 'if (filled.length !== layers)',
      replace: 'if (filled.length < layers)',
      red: ['a file of the base that was copied over'],
    },
  ]),
  ...mutantsOf(at('packages'), proofs, [
    {
      name: 'a base that went back is newer',
      find: 'if (downgraded.length > 0)',
      replace: 'if (downgraded.length > 99)',
      red: [
        'a base that has gone back',
        'another C library, an older one or none',
        'the author’s word waives three proofs',
      ],
    },
    {
      name: 'a package with programs was renamed',
      find: '!old.layers.some(({ executables }) => executables.some(owns))',
      replace: 'old.layers.length > 0',
      red: ['a package whose every library is still there'],
    },
  ]),
  ...mutantsOf(at('libraries'), proofs, [
    {
      name: 'an interpreter that is gone is not missed',
      find: 'interpreter !== undefined && !isThere(interpreter, paths)',
      replace: "interpreter === '' && !isThere(interpreter, paths)",
      red: ['a program whose interpreter is gone'],
    },
  ]),
  ...mutantsOf(at('config'), configs, [
    {
      name: 'a command of the new base becomes an argument',
      find: "else result.delete('Cmd');",
      replace: 'else result.size;',
      red: ['a command that only the new base brings'],
    },
  ]),
  ...mutantsOf(at('history'), configs, [
    {
      name: 'a history that does not fit is taken',
      find: 'history.filter(isFilled).length === layers',
      replace: 'history.filter(isFilled).length > 0',
      red: ['a history that is not there or does not fit'],
    },
  ]),
  ...mutantsOf(
    'src/renewal/rebaseimage.ts',
    ['src/renewal/rebaseimage.test.ts'],
    [
      {
        name: 'platforms that are proven are pushed without the others',
        find: 'judged.find(({ result }) => !isProven(result.proofs))',
        replace: 'judged.slice(0, 1).find(({ result }) => !isProven(result.proofs))',
        red: ['one platform that is not proven', 'a platform that a base does not have'],
      },
    ],
  ),
  ...mutantsOf('src/lineage/lineage.ts', lineages, [
    {
      name: 'layers in the middle make a base',
      find: 'diffIds.every((diffId, at) => diffId === facts.diffIds[at])',
      replace: 'diffIds.every((diffId) => facts.diffIds.includes(diffId))',
      red: ['layers in the middle, in another order'],
    },
    {
      name: 'the first of several is chosen',
      find: 'candidates.length === 1',
      replace: 'candidates.length >= 1',
      red: ['two manifests of the same layers are ambiguous'],
    },
    {
      name: 'a sibling is taken for the base',
      find: 'base.isBase || !isSibling(base, facts)',
      replace: 'base.diffIds.length > 0',
      red: ['another tag of the image’s own repository'],
    },
  ]),
  ...mutantsOf(
    'src/lineage/materials.ts',
    ['src/lineage/materials.test.ts'],
    [
      {
        name: 'copies beside another image count as linked',
        find: "base.includes(below.digest ?? '')",
        replace: "below.kind === 'source'",
        red: ['whatever stands on the base, or is said in another way'],
      },
    ],
  ),
  ...mutantsOf('src/lineage/record.ts', books, [
    {
      name: 'an image stands on itself',
      find: "lineage.kind === 'base' && lineage.platformDigest !== platformDigest",
      replace: "lineage.kind === 'base'",
      red: ['no image stands on itself'],
    },
  ]),
  ...mutantsOf('src/lineage/stale.ts', books, [
    {
      name: 'renewed images are renewed again',
      find: 'if (base.isCurrent && !moving.has(base.reference)) continue;',
      replace: 'if (base.reference === image.reference) continue;',
      red: [
        'when a base moves, what stands on the old one',
        'an index that was pushed again',
        'of two names of one digest',
      ],
    },
  ]),
];
