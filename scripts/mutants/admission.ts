// Mutants of the admission: each way past it that somebody found in another one, or could find in this.
import { type Mutant, mutantsOf } from './mutant.ts';

const at = 'src/cluster/admission';
const judged = [`${at}/admission.test.ts`];

export const admission: readonly Mutant[] = [
  ...mutantsOf(`${at}/admission.ts`, judged, [
    {
      name: 'an update answers for nothing',
      find: "return operation === 'UPDATE' ? changedImages(now.images, imagesOf(oldObject, kind).images) : now.images;",
      replace: "return operation === 'UPDATE' ? [] : now.images;",
      red: [
        'an update answers for the images it brings, whatever else it does and whatever else is there',
        'an ephemeral container is judged when it is added to a pod that runs',
      ],
    },
    {
      name: 'what is undecided is allowed',
      find: "const refused = judged.filter(({ verdict }) => verdict?.decision !== 'allow');",
      replace: "const refused = judged.filter(({ verdict }) => verdict?.decision === 'deny');",
      red: [
        'a registry that hangs is undecided within the time there is, and admitted once it answers',
        'a registry that is gone takes no verdict away that was made, and gives none that was not',
        'image texts of every odd shape are refused, never let through and never a bug',
      ],
    },
    {
      name: 'without a policy everything is let through',
      find: "return enforced\n          ? refuse('no policy is in force: nothing can be allowed')",
      replace: "return false\n          ? refuse('no policy is in force: nothing can be allowed')",
      red: ['without a policy nothing is allowed where one is enforced'],
    },
    {
      name: 'nobody is told why a tag stayed a tag',
      find: 'warnings.push(unresolvedText(image, error.code, error.message));',
      replace: '',
      red: ['with mutation a tag that cannot be resolved stays, and a warning says why'],
    },
    {
      name: 'a template gets digests put in',
      find: "if (request.kind.kind !== 'Pod' || request.kind.group !== '') return tell('none', [], {});",
      replace: '',
      red: [
        'with mutation a pod gets the digest put in, a template does not and its tag is judged and let through',
      ],
    },
  ]),
  ...mutantsOf(`${at}/askers.ts`, judged, [
    {
      name: 'a mirror pod’s annotation counts from anybody',
      find: "if (!asker.username.startsWith('system:node:') || !asker.groups.includes('system:nodes')) return false;",
      replace: '',
      red: [
        'a mirror pod is only told of, but for a kubelet alone: its annotation in other hands proves nothing',
      ],
    },
    {
      name: 'a node’s name without its group is a node',
      find: "|| !asker.groups.includes('system:nodes')",
      replace: '',
      red: [
        'a mirror pod is only told of, but for a kubelet alone: its annotation in other hands proves nothing',
      ],
    },
    {
      name: 'a node may make any pod',
      find: "return metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined;",
      replace: 'return metadata !== undefined;',
      red: [
        'a mirror pod is only told of, but for a kubelet alone: its annotation in other hands proves nothing',
      ],
    },
  ]),
  ...mutantsOf(`${at}/kept.ts`, judged, [
    {
      name: 'owner references prove something',
      find: "if (request.operation !== 'CREATE' || !isBuiltInController(request.asker.username)) return kept;",
      replace: '',
      red: [
        'a pod that its controller makes again for a workload that ran the digest comes back with a warning',
        'a ReplicaSet that its Deployment’s controller makes for an unchanged image comes with a warning, anybody else’s does not',
      ],
    },
    {
      name: 'a revoked digest comes back',
      find: "if (one.verdict?.rules.some(({ code }) => code === 'revoked')) continue;",
      replace: '',
      red: ['a revoked digest does not come back, whatever ran it'],
    },
    {
      name: 'a template that changed keeps what it ran',
      find: 'if (before === undefined || named.get(key) !== before.image) return false;',
      replace: 'if (before === undefined) return false;',
      red: [
        'a pod that its controller makes again for a workload that ran the digest comes back with a warning',
      ],
    },
    {
      name: 'any digest of the workload counts as the one it ran',
      find: 'return digest === before.digest || (!isPod && use.image === before.image);',
      replace: 'return true;',
      red: [
        'a pod that its controller makes again for a workload that ran the digest comes back with a warning',
      ],
    },
  ]),
  ...mutantsOf(`${at}/judged.ts`, judged, [
    {
      name: 'a pod may name a tag where evidence is enforced',
      find: 'return { verdict: isTag ? refuseTag(verdict) : verdict, notes: stale };',
      replace: 'return { verdict, notes: stale };',
      red: ['where evidence is enforced a pod named by a tag is refused with the digest to write'],
    },
  ]),
  ...mutantsOf(
    `${at}/exceptions.ts`,
    [`${at}/policies.test.ts`],
    [
      {
        name: 'nobody has to approve',
        find: "spec['exceptionsNeedApprover'] === true && (typeof approver !== 'string' || approver === '')",
        replace: 'false',
        red: [
          'exceptions are part of the hashed policy; those without the approver that the policy asks for do not count',
        ],
      },
      {
        name: 'one approves oneself',
        find: "spec['exceptionsNeedApprover'] === true && approver === exception.author",
        replace: 'false',
        red: [
          'exceptions are part of the hashed policy; those without the approver that the policy asks for do not count',
        ],
      },
    ],
  ),
  ...mutantsOf(
    `${at}/policies.ts`,
    [`${at}/policies.test.ts`],
    [
      {
        name: 'an invalid policy takes the valid one away',
        find: 'if (this.#inForce === undefined) await this.#recall();',
        replace: 'this.#inForce = undefined;',
        red: [
          'an invalid policy never replaces a valid one, and its status says what is wrong',
          'after a restart with an invalid policy the last valid one is in force again',
          'a policy that cannot have its trust roots is not in force, and the one before stays',
        ],
      },
    ],
  ),
  ...mutantsOf(
    `${at}/compile.ts`,
    [`${at}/policies.test.ts`],
    [
      {
        name: 'neither digests in manifests nor put in',
        find: 'if (!puts) await checkCarried(document);',
        replace: '',
        red: [
          'without mutation a policy about evidence has to ask for digests itself; names of files are refused',
        ],
      },
    ],
  ),
  ...mutantsOf(
    `${at}/verdictstore.ts`,
    [`${at}/records.test.ts`],
    [
      {
        name: 'a stored verdict counts under any name',
        find: 'if (nameOf(key) !== metadata.name) return undefined;',
        replace: '',
        red: ['a stored verdict that is not what its name says, or no allow, is none'],
      },
    ],
  ),
  ...mutantsOf(
    `${at}/records.ts`,
    [`${at}/records.test.ts`],
    [
      {
        name: 'an image that was never started counts as run',
        find: 'if (!hasRun) return [];',
        replace: '',
        red: [
          'the digest a container runs is its name’s own, else what the kubelet says; what never ran is none',
        ],
      },
      {
        name: 'an older pod replaces what a newer one ran',
        find: 'return since >= before.since;',
        replace: 'return true;',
        red: ['a newer pod replaces what was recorded, an older one that still runs does not'],
      },
    ],
  ),
  ...mutantsOf(
    'src/server/webhook.ts',
    ['src/server/webhook.test.ts'],
    [
      {
        name: 'a bug admits',
        find: "const allowed = path !== 'enforce';",
        replace: 'const allowed = true;',
        red: ['a bug of ours is logged with its stack, and allows nothing where the policy is enforced'],
      },
    ],
  ),
  ...mutantsOf(
    'src/cluster/workload/images.ts',
    ['src/cluster/workload/images.test.ts', ...judged],
    [
      {
        name: 'image volumes are no images',
        find: "readImage(named, 'volume', 'reference', [...at, 'volumes', i, 'image'], found);",
        replace: '',
        red: [
          'every kind gives its containers, init containers, sidecars, ephemeral containers and image volumes',
          'what is null or left out runs nothing; what is of another shape is a problem, never nothing',
          'every place of every kind is judged: one bad image anywhere refuses the whole',
        ],
      },
      {
        name: 'ephemeral containers are no containers',
        find: "  ['ephemeralContainers', 'ephemeral'],\n",
        replace: '',
        red: [
          'every kind gives its containers, init containers, sidecars, ephemeral containers and image volumes',
          'every place of every kind is judged: one bad image anywhere refuses the whole',
          'an ephemeral container is judged when it is added to a pod that runs',
        ],
      },
    ],
  ),
  ...mutantsOf(
    'src/trust/verdicts.ts',
    ['src/trust/verdicts.test.ts'],
    [
      {
        name: 'an allow is held for ever',
        find: ' && now < entry.held',
        replace: '',
        red: ['the last allow is held for its time, never past its own end, and a denial not at all'],
      },
    ],
  ),
];
