// Mutants of repositories and rollouts: what is changed and nothing else, what is believed, and what is never done twice.
import { type Mutant, mutantsOf } from './mutant.ts';

const git = (name: string) => `src/cluster/git/${name}.ts`;
const at = (name: string) => `src/cluster/rollout/${name}.ts`;
const gitTests = ['src/cluster/git/git.test.ts'];
const tests = (name: string) => [`src/cluster/rollout/${name}.test.ts`];

export const rollout: readonly Mutant[] = [
  ...mutantsOf(git('git'), gitTests, [
    {
      name: 'hooks of the repository are run',
      find: '`core.hooksPath=${devNull}`,',
      replace: '',
      red: ['the commit is made beside the work tree'],
    },
  ]),
  ...mutantsOf(git('address'), gitTests, [
    {
      name: 'addresses that name a program of git’s are taken for directories',
      find: 'if (/^[a-z][a-z0-9+.-]*::/i.test(text)) throw refused(text);',
      replace: '',
      red: ['addresses that could run something are refused'],
    },
  ]),
  ...mutantsOf(git('yamltext'), gitTests, [
    {
      name: 'a changed file is not compared with what was to change',
      find: 'if (!isDeepStrictEqual(again.values, wanted))',
      replace: 'if (again.values.length !== wanted.length)',
      red: ['a value that hangs on the anchor of an image'],
    },
  ]),
  ...mutantsOf(git('commit'), gitTests, [
    {
      name: 'a branch moves under the feet of who works on it',
      find: 'await refuseCheckedOut(repository, branch);',
      replace: '',
      red: ['the same rollout twice makes one branch'],
    },
  ]),
  ...mutantsOf(at('record'), tests('memory'), [
    {
      name: 'a record may lead to any image',
      find: 'isOf(image.good, record.repository!, record.from!)',
      replace: "typeof image.good === 'string'",
      red: ['a record whose way back leads'],
    },
  ]),
  ...mutantsOf(at('hold'), tests('memory'), [
    {
      name: 'a release never expires',
      find: 'release.expires !== undefined && Date.parse(release.expires) <= now',
      replace: 'release.expires === String(now)',
      red: ['a release ends a hold until it expires'],
    },
  ]),
  ...mutantsOf(at('steady'), tests('steady'), [
    {
      name: 'a container that was started anew counts as steady',
      find: "const times = [textOf(conditionOf(status, 'Ready') ?? {}, 'lastTransitionTime'), ...started];",
      replace:
        "const times = [textOf(conditionOf(status, 'Ready') ?? {}, 'lastTransitionTime'), ...started.slice(1)];",
      red: ['a container that was started anew'],
    },
  ]),
  ...mutantsOf(at('judgement'), tests('judgement'), [
    {
      name: 'a status of before the change counts',
      find: 'observed >= (metadata.generation ?? 0)',
      replace: 'observed >= 0',
      red: ['a status of before the change proves nothing', 'on the way back pods are given their time'],
    },
    {
      name: 'the images of somebody else are taken for ours',
      find: 'if (!hasImages(object, target.images, target.way))',
      replace: 'if (target.images.length === 0)',
      red: ['who changes the images, pauses or deletes it'],
    },
    {
      name: 'pods of the old digest are the new one’s fault',
      find: '.filter((pod) => pod.metadata.deletionTimestamp === undefined && isOfDigest(pod, digest))',
      replace: '.filter((pod) => pod.metadata.deletionTimestamp === undefined && digest !== pod.kind)',
      red: ['pods of the old digest are not'],
    },
  ]),
  ...mutantsOf(at('statefulset'), tests('judgement'), [
    {
      name: 'ready pods are deleted on the way back',
      find: '!isReady(pod),',
      replace: 'true,',
      red: ['on the way back pods are given their time'],
    },
  ]),
  ...mutantsOf(at('find'), tests('plan'), [
    {
      name: 'a tag moves whatever its pods run',
      find: 'digests.has(change.from)',
      replace: 'digests.size > 0',
      red: ['a tag moves where its pods run the old digest'],
    },
  ]),
  ...mutantsOf(at('plan'), tests('plan'), [
    {
      name: 'holds are not looked for',
      find: '    readHold(plan, object, now);\n',
      replace: '',
      red: ['a digest on hold moves nowhere', 'what another run began is finished'],
    },
    {
      name: 'what a release or a GitOps controller keeps is moved',
      find: 'if (owner !== undefined) {',
      replace: "if (owner?.name === '') {",
      red: ['what a release, a GitOps controller or an operator keeps'],
    },
    {
      name: 'a hold that cannot be read permits',
      find: '    holdsOf(object);\n  } catch (error) {',
      replace: '  } catch (error) {',
      red: ['a hold that cannot be read is no permission'],
    },
  ]),
  ...mutantsOf(at('change'), tests('run'), [
    {
      name: 'a change is made to whatever the object is by then',
      find: 'body: [guard, ...patches]',
      replace: 'body: patches.length > 0 ? patches : [guard]',
      red: ['replicas are never written', 'two at once move each workload once'],
    },
  ]),
  ...mutantsOf(at('run'), tests('run'), [
    {
      name: 'a failure stops nothing',
      find: 'move.begun === undefined && result.outcomes.some(isFailure)',
      replace: 'move.begun === undefined && result.outcomes.length > 99',
      red: [
        'the first failure stops what has not begun',
        'killed before each write of a rollout that fails',
        'killed after each write of a rollout that fails',
      ],
    },
  ]),
];
