// Mutants of the server's API: pages that lose nothing, what is never guessed, who may, and tags that are really gone.
import { type Mutant, mutantsOf } from './mutant.ts';

const at = (name: string) => `src/server/${name}.ts`;
const tests = (name: string) => [`src/server/${name}.test.ts`];

export const hub: readonly Mutant[] = [
  ...mutantsOf(at('hubapireached'), tests('hubapireached'), [
    {
      name: 'a page that is full is taken for the last',
      find: 'await imagesAfter(parts, ids, after.at, limit + 1)',
      replace: 'await imagesAfter(parts, ids, after.at, limit)',
      red: ['containers that run a platform or an index'],
    },
  ]),
  ...mutantsOf(at('hubquery'), tests('hubapireached'), [
    {
      name: 'a cursor that is none is believed',
      find: 'Object.hasOwn(lengths, of) ? lengths[of] : undefined',
      replace: '(lengths[of] ?? 0)',
      red: ['containers that run a platform or an index'],
    },
  ]),
  ...mutantsOf(at('hubapilineage'), tests('hubapilineage'), [
    {
      name: 'of several bases that fit one is chosen',
      find: "state: 'ambiguous', bases, candidates: lineage.candidates.map(baseOf)",
      replace: "state: 'base', bases: lineage.candidates.slice(0, 1).map(baseOf), candidates: []",
      red: ['lineage by the API'],
    },
  ]),
  ...mutantsOf(at('hubapiwork'), tests('hubapiwork'), [
    {
      name: 'who may read may run jobs again',
      find: "'/v1/jobs/:id/retry', 'renew'",
      replace: "'/v1/jobs/:id/retry', 'read'",
      red: ['jobs that nobody tries any more'],
    },
    {
      name: 'what events tell is shown to everybody',
      find: '({ seq: _, payload: __, postedAt',
      replace: '({ seq: _, postedAt',
      red: ['events that nobody took'],
    },
  ]),
  ...mutantsOf('src/watch/moved.ts', tests('hubjobs'), [
    {
      name: 'a registry that is away takes its tags with it',
      find: "if (error instanceof RemoteFault && error.code === 'image-not-found') return undefined;",
      replace: 'if (error instanceof RemoteFault || error instanceof Error) return undefined;',
      red: ['a tag that its registry says is gone'],
    },
  ]),
];
