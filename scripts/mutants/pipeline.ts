// Mutants of pipelines: one run for one renewal, the base that was allowed, and credentials and builds kept in bounds.
import { type Mutant, mutantsOf } from './mutant.ts';

const at = (name: string) => `src/renewal/pipeline/${name}.ts`;
const tests = (name: string) => [`src/renewal/pipeline/${name}.test.ts`];

export const pipeline: readonly Mutant[] = [
  ...mutantsOf(at('azurepipelines'), tests('azurepipelines'), [
    {
      name: 'a run of Azure Pipelines is started without looking for one',
      find: 'if (before !== undefined) return { run: before };',
      replace: '',
      red: ['a run that was started before a crash is found'],
    },
    {
      name: 'parameters of a run are asked for again and again',
      find: 'const has = known.get(number) ??',
      replace: 'const has =',
      red: ['a run is asked for its parameters once'],
    },
    {
      name: 'a run that was cancelled is a success',
      find: "if (result === 'succeeded')",
      replace: "if (result !== 'failed')",
      red: ['a run that fails or is cancelled ends as failed'],
    },
  ]),
  ...mutantsOf(at('answer'), tests('azurepipelines'), [
    {
      name: 'a page to sign in is an answer that is wrong',
      find: "if (/^\\s*</.test(text)) throw loginRefused(service, 'a page instead of JSON');",
      replace: '',
      red: ['a sign-in page is a login that was refused'],
    },
    {
      name: 'a stranger’s text may steer a terminal',
      find: '/[\\0-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]+/g',
      replace: '/[\\u2028]+/g',
      red: ['what time mends is told from what a person must mend'],
    },
  ]),
  ...mutantsOf(at('parameters'), tests('azurepipelines'), [
    {
      name: 'a pipeline that is not told the id is asked',
      find: 'if (names.length === 1) return names[0]!;',
      replace: "return names[0] ?? '';",
      red: ['a mapping without the id'],
    },
  ]),
  ...mutantsOf(at('jenkins'), tests('jenkins'), [
    {
      name: 'a build of Jenkins is queued without looking for one',
      find: 'if (found !== undefined) return { ...found };',
      replace: '',
      red: ['what was queued or built before a crash is found'],
    },
    {
      name: 'a job that would drop the id is queued',
      find: 'checkJob(read, [idName]);',
      replace: '',
      red: ['a job that is disabled, unknown or without the parameters'],
    },
    {
      name: 'what a restart lost is given up at the first look',
      find: 'if (now - missing < patience)',
      replace: 'if (now < missing)',
      red: ['what a restart lost is looked for once more', 'a build that a restart broke off is named'],
    },
  ]),
  ...mutantsOf(at('jenkinsclient'), tests('jenkins'), [
    {
      name: 'a crumb is sent without its session',
      find: '...(cookie === undefined ? {} : { cookie })',
      replace: '',
      red: ['a password works with a crumb in its session'],
    },
  ]),
  ...mutantsOf(at('jenkinsanswer'), tests('jenkins'), [
    {
      name: 'an unstable build is a success',
      find: "if (result === 'SUCCESS')",
      replace: "if (result === 'SUCCESS' || result === 'UNSTABLE')",
      red: ['a result that is not SUCCESS is a failure'],
    },
  ]),
  ...mutantsOf(at('dockerpin'), tests('dockerpin'), [
    {
      name: 'a Dockerfile on another base is built',
      find: 'checkBase(parsed, base);',
      replace: '',
      red: ['a Dockerfile on another base is never built'],
    },
    {
      name: 'another tag of the base counts as the base',
      find: "return (one.tag ?? 'latest') === base.tag;",
      replace: 'return true;',
      red: ['a Dockerfile on another base is never built'],
    },
  ]),
  ...mutantsOf(at('buildah'), tests('buildah'), [
    {
      name: 'a build is begun although one runs',
      find: 'if (lookAtBuild(directory) === undefined) {',
      replace: '{',
      red: ['a build that runs is found by who comes after a crash'],
    },
    {
      name: 'a build gets all of our environment',
      find: '.filter(([name]) => passedOn.test(name))',
      replace: '',
      red: ['a build gets none of our secrets'],
    },
    {
      name: 'any number of builds runs',
      find: 'return running.length + beginning < (options.atOnce ?? 2);',
      replace: 'return running.length >= 0;',
      red: ['no more builds run than are allowed'],
    },
  ]),
  ...mutantsOf(at('buildstate'), tests('buildah'), [
    {
      name: 'a build that is cancelled goes on',
      find: "process.kill(-Number(readText(join(work, 'pid'))), 'SIGKILL');",
      replace: '',
      red: ['a build that is cancelled is ended'],
    },
  ]),
  ...mutantsOf(at('buildscript'), tests('buildah'), [
    {
      name: 'the beginning of a build’s output is kept instead of its end',
      find: 'tail -c',
      replace: 'head -c',
      red: ['a build that fails says why by the end of its output'],
    },
    {
      name: 'the logins of a build are left behind',
      find: 'rm -rf auth.json store',
      replace: 'rm -rf store',
      red: ['a build gets none of our secrets'],
    },
  ]),
];
