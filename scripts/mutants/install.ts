// Mutants of what is installed into a cluster: certificates, the floor, manifests, what may enforce.
import { type Mutant, mutantsOf } from './mutant.ts';

const admission = 'src/cluster/admission';

export const install: readonly Mutant[] = [
  ...mutantsOf(
    `${admission}/rotate.ts`,
    [`${admission}/rotate.test.ts`],
    [
      {
        name: 'a new authority signs before it is published',
        find: 'const isSeen = around.published && done.length === 0 && now >= createdAt(authority) + settling;',
        replace: 'const isSeen = done.length === 0 && now >= createdAt(authority) + settling;',
        red: [
          'certificates of the agent > a new authority is published before a certificate by it is served',
          'certificates of the agent > an authority that nobody publishes signs nothing until there is no other way',
        ],
      },
      {
        name: 'an authority is forgotten while its certificates are served',
        find: 'return now < Math.min(createdAt(successor) + leafLife, old.notAfter);',
        replace: 'return now < Math.min(createdAt(successor), old.notAfter);',
        red: [
          'certificates of the agent > a new authority is published before a certificate by it is served',
          'certificates of the agent > an authority stays trusted until its last certificate has expired, then goes',
          'certificates of the agent > an authority that nobody publishes signs nothing until there is no other way',
          'certificates of the agent > hold through three years',
        ],
      },
    ],
  ),
  ...mutantsOf(
    `${admission}/certificate.ts`,
    [`${admission}/rotate.test.ts`],
    [
      {
        name: 'a certificate by a stranger’s authority is served',
        find: 'if (!isSignedBy(authority, authority) || ![authority, ...previous].some((by) => isSignedBy(leaf, by)))',
        replace: 'if (!isSignedBy(authority, authority))',
        red: ['certificates of the agent > are made anew from contents that are corrupt, foreign'],
      },
    ],
  ),
  ...mutantsOf(
    `${admission}/rotator.ts`,
    [`${admission}/rotator.test.ts`],
    [
      {
        name: 'a Secret that is lost breaks off what is served',
        find: 'serving: served,',
        replace: 'serving: undefined,',
        red: [
          'the rotator > takes its Secret as it is when another replica wrote first',
          'the rotator > a Secret that is deleted is made anew beside what is served',
          'the rotator > follows its Secret and the configurations until it is stopped',
        ],
      },
      {
        name: 'two replicas write over each other',
        find: 'if (next.changed && (await write(next.state, secret)) === undefined) continue;',
        replace: 'if (next.changed) await write(next.state, secret);',
        red: [
          'the rotator > two replicas that start at once end with one and the same certificate',
          'the rotator > takes its Secret as it is when another replica wrote first',
          'the rotator > a Secret that is deleted is made anew beside what is served',
        ],
      },
    ],
  ),
  ...mutantsOf(
    `${admission}/floorname.ts`,
    [`${admission}/floorpattern.test.ts`],
    [
      {
        name: 'a name that is none passes the floor',
        find: 'x.r.matches(',
        replace: 'size(x.r) >= 0 || x.r.matches(',
        red: [
          'names in the floor > are taken apart as parseReference does it',
          'names in the floor > of Docker Hub',
        ],
      },
      {
        name: 'Docker Hub’s other names pass by the floor',
        find: `x.f == "" || x.f == "index.docker.io" || x.f == "registry-1.docker.io" ? "docker.io" : x.f`,
        replace: `x.f == "" ? "docker.io" : x.f`,
        red: [
          'names in the floor > are taken apart as parseReference does it',
          'names in the floor > of Docker Hub',
        ],
      },
    ],
  ),
  ...mutantsOf(
    `${admission}/floorpattern.ts`,
    [`${admission}/floorpattern.test.ts`],
    [
      {
        name: 'a pattern of a host fits the beginning of a longer one',
        find: "const start = pattern.endsWith('/**') ? pattern.slice(0, -2) : pattern;",
        replace: "const start = pattern.endsWith('/**') ? pattern.slice(0, -3) : pattern;",
        red: [
          'patterns of the floor > fit what the policy’s own patterns fit, and nothing else',
          'patterns of the floor > of a thousand are cut into conditions',
        ],
      },
    ],
  ),
  ...mutantsOf(
    `${admission}/floor.ts`,
    [`${admission}/floor.test.ts`],
    [
      {
        name: 'an exception that has run out lifts the floor',
        find: 'policy.exceptions.filter(({ expires }) => endOfDay(expires) > now)',
        replace: 'policy.exceptions.filter(({ expires }) => endOfDay(expires) > 0)',
        red: ['the floor policy > passes images under an exception until it runs out, and says when'],
      },
    ],
  ),
  ...mutantsOf(
    'src/cluster/manifestwebhooks.ts',
    ['src/cluster/manifests.test.ts'],
    [
      {
        name: 'a namespace that does not enforce is locked while the agent is away',
        find: "...webhook('audit.admit', '/admit/audit', 'Ignore'),",
        replace: "...webhook('audit.admit', '/admit/audit', 'Fail'),",
        red: ['what is installed > fails nobody outside of the namespaces that enforce'],
      },
    ],
  ),
  ...mutantsOf(
    'src/cluster/enforce.ts',
    ['src/cluster/install.test.ts'],
    [
      {
        name: 'the way in by az aks command can be closed',
        find: "if (namespace === 'aks-command')",
        replace: "if (namespace === 'aks-commands')",
        red: ['enforcing > never holds where the cluster’s own pods, the agent or the way in live'],
      },
      {
        name: 'a namespace enforces without an agent that is asked',
        find: 'if (webhooks === undefined || !isServed(webhooks))',
        replace: 'if (webhooks === null)',
        red: ['enforcing > needs an agent that is asked, or everything would be refused'],
      },
    ],
  ),
  ...mutantsOf(
    `${admission}/floorregistry.ts`,
    [`${admission}/floor.test.ts`],
    [
      {
        name: 'a workload that the floor would refuse cannot be mended bit by bit',
        find: 'const { variables, result, cost } = chain.fresh();',
        replace: 'const { variables, result, cost } = chain;',
        red: ['the floor policy > looks on an update only at images that were not there before'],
      },
    ],
  ),
  ...mutantsOf(
    'src/cluster/installstale.ts',
    ['src/cluster/install.test.ts'],
    [
      {
        name: 'pull secrets of a namespace stay readable after its option is gone',
        find: "if (metadata.name === pullSecretsRole && !pullSecrets.includes(metadata.namespace ?? ''))",
        replace: "if (metadata.name === '')",
        red: ['installing > again with other options takes away what those would not have made'],
      },
    ],
  ),
  ...mutantsOf(
    'src/cluster/uninstall.ts',
    ['src/cluster/install.test.ts'],
    [
      {
        name: 'uninstall removes the agent before what asks it',
        find: 'await remove(resources.validatingWebhooks, agentName);',
        replace: 'void agentName;',
        red: ['uninstalling > takes what asks the agent first, and leaves nothing of ours'],
      },
    ],
  ),
];
