// Mutants of image: what was fetched is what was named.
import { type Mutant, mutantsOf } from './mutant.ts';

export const image: readonly Mutant[] = mutantsOf(
  'src/image/digest.ts',
  ['src/image/manifest.test.ts'],
  [
    {
      name: 'bytes are not compared with their digest',
      find: 'const got = digestOf(bytes, parseDigest(digest).algorithm);\n  if (got !== digest)',
      replace: 'const got = digestOf(bytes, parseDigest(digest).algorithm);\n  if (got === "")',
      red: ['a digest > is checked whole and piece by piece'],
    },
    {
      name: 'more bytes than named are read to their end',
      find: 'if (size !== undefined && read > size)',
      replace: 'if (size !== undefined && read < 0)',
      red: ['a digest > is wrong as soon as there are more bytes than named'],
    },
  ],
);
