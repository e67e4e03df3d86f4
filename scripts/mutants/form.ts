// Mutants of forms that can be read in two ways, and of a thread that dies: what fuzzing and reading found.
import { type Mutant, mutantsOf } from './mutant.ts';

const certificate = ['src/trust/certificate/certificate.test.ts'];
const der = ['src/trust/certificate/der.test.ts'];
const sigstore = ['src/trust/sigstore/log.test.ts'];
const thread = ['src/trust/thread.test.ts'];

export const form: readonly Mutant[] = [
  ...mutantsOf('src/trust/certificate/extension.ts', certificate, [
    {
      name: 'form: bits that are declared unused say what a certificate is for',
      find: 'unused > 7 || (content.at(-1)! & ((1 << unused) - 1)) !== 0',
      replace: 'unused > 8',
      red: ['a key usage with bits that it declares unused'],
    },
    {
      name: 'form: of an extension that comes twice the last counts',
      find: 'if (found.has(name))',
      replace: "if (name === '')",
      red: ['an extension that comes twice is refused'],
    },
  ]),
  ...mutantsOf('src/trust/certificate/issued.ts', certificate, [
    {
      name: 'form: a certificate signed with SHA-1 counts',
      find: "'1.2.840.10045.4.3.2': 'sha256',",
      replace: "'1.2.840.10045.4.1': 'sha1',\n  '1.2.840.10045.4.3.2': 'sha256',",
      red: ['a signature counts by the key that made it'],
    },
  ]),
  ...mutantsOf('src/trust/certificate/der.ts', der, [
    {
      name: 'form: a length has many spellings',
      find: 'if (length < 0x80 || (count > 1 && bytes[start] === 0))',
      replace: 'if (length < 0)',
      red: ['a length that is indefinite, too long or not the shortest'],
    },
    {
      name: 'form: something may follow a document',
      find: 'if (end !== bytes.byteLength)',
      replace: 'if (end > bytes.byteLength)',
      red: ['bytes that are cut off, or that something follows'],
    },
  ]),
  ...mutantsOf('src/trust/certificate/moment.ts', der, [
    {
      name: 'form: a time that does not exist is another one',
      find: 'if (told !== ',
      replace: 'if (at < 0 && told !== ',
      red: ['a time is in UTC and exists'],
    },
  ]),
  ...mutantsOf('src/trust/certificate/depth.ts', der, [
    {
      name: 'form: documents nest without end',
      find: 'if (depth > deepest)',
      replace: 'if (depth > deepest * 1000)',
      red: ['what nests deeper than honest documents do'],
    },
  ]),
  ...mutantsOf('src/trust/root/trustedroot.ts', sigstore, [
    {
      name: 'form: a transparency log with a weak or odd key is asked',
      find: "each(root, 'tlogs', readLog).filter(isUsable)",
      replace: "each(root, 'tlogs', readLog).slice(isUsable.length - 1)",
      red: ['a log of the root whose key is of a kind that proves nothing here'],
    },
    {
      name: 'form: a certificate log with a weak or odd key is asked',
      find: "each(root, 'ctlogs', readLog).filter(isUsable)",
      replace: "each(root, 'ctlogs', readLog).slice(isUsable.length - 1)",
      red: ['a log of the root whose key is of a kind that proves nothing here'],
    },
  ]),
  ...mutantsOf(
    'src/image/statement.ts',
    ['src/image/statement.test.ts'],
    [
      {
        name: 'form: a list of one text is a digest',
        find: "(typeof hex === 'string' ? `${algorithm}:${hex}` : '')",
        replace: '`${algorithm}:${String(hex)}`',
        red: ['every digest of every subject counts'],
      },
    ],
  ),
  ...mutantsOf('src/trust/thread.ts', thread, [
    {
      name: 'form: the exit of a dead thread takes the tasks of the next along',
      find: 'if (worker !== died) return;',
      replace: '',
      red: [
        'a thread that ends in an error rejects its tasks',
        'a thread that rests as long as it may ends, and the next task has a new one',
      ],
    },
    {
      name: 'form: a thread that rests is kept for ever',
      find: 'if (idle === undefined) return;',
      replace: 'if (idle !== -1) return;',
      red: ['a thread that rests as long as it may ends, and the next task has a new one'],
    },
  ]),
  ...mutantsOf(
    'src/trust/attach.ts',
    ['src/trust/attach.test.ts'],
    [
      {
        name: 'form: what others wrote into a list is lost',
        find: '      ...entries.filter((known) => known.digest !== digest),\n',
        replace: '      ...entries.slice(entries.length),\n',
        red: [
          'entries of others stay in the list',
          'an entry that somebody overwrites',
          'of those that are attached at once',
        ],
      },
    ],
  ),
  ...mutantsOf(
    'src/trust/fallback.ts',
    ['src/trust/attach.test.ts'],
    [
      {
        name: 'form: an entry that somebody overwrites is lost without a word',
        find: 'if (wanted.every(({ digest }) => after.has(digest))) return;',
        replace: 'if (after.size >= 0) return;',
        red: ['an entry that somebody overwrites', 'a list that never keeps the entry'],
      },
      {
        name: 'form: writers of one process overwrite each other',
        find: 'const before = writing.get(list) ?? Promise.resolve();',
        replace: 'const before = Promise.resolve();',
        red: ['of those that are attached at once'],
      },
    ],
  ),
];
