// Mutants of what runs: which digest it is, whose it is, what stays open; and of image pull secrets (N9, N10).
import { type Mutant, mutantsOf } from './mutant.ts';

const running = ['src/cluster/running.test.ts'];
const status = ['src/cluster/status.test.ts'];
const preview = ['src/cluster/preview.test.ts'];
const secrets = ['src/cluster/kube/pullsecrets.test.ts'];

export const runningMutants: readonly Mutant[] = [
  ...mutantsOf('src/cluster/runningimage.ts', running, [
    {
      name: 'running: the id of an image counts as the digest of its manifest',
      find: "if (isDigest(id)) return { kind: 'id', id };",
      replace: "if (isDigest(id)) return { kind: 'digest', digest: id, from: 'node' };",
      red: ['the image id of every runtime: a manifest digest, or only the id of the image'],
    },
  ]),
  ...mutantsOf('src/cluster/runningowner.ts', running, [
    {
      name: 'running: a controller of another namespace is an owner',
      find: 'above?.metadata.namespace === pod.metadata.namespace ? controllerOf(above) : undefined',
      replace: 'controllerOf(above)',
      red: ['controllers are followed by UID within the namespace, to whatever stands on top'],
    },
    {
      name: 'running: a static pod is its node’s',
      find: 'if (isMirror(pod)) return { ...selfOf(pod), isStatic: true };',
      replace: '',
      red: ['a mirror pod is the static pod itself, not its node'],
    },
  ]),
  ...mutantsOf('src/cluster/running.ts', running, [
    {
      name: 'running: what crashes does not run',
      find: "(restartPolicy ?? 'Always') === 'Always') return 'running';",
      replace: "(restartPolicy ?? 'Always') === 'Always') return 'ended';",
      red: [
        'one that crashes runs again and again; one that ended for good only ran; ended pods run nothing',
      ],
    },
    {
      name: 'running: an ended debugging container runs for ever',
      find: "if (role === 'ephemeral') return 'ended';",
      replace: '',
      red: ['init containers that ran, sidecars, and debugging containers while they run'],
    },
  ]),
  ...mutantsOf('src/cluster/statusimages.ts', status, [
    {
      name: 'status: an image that is known by its id only is whatever its tag stands for',
      find: 'if (configDigest === id) return undefined;',
      replace: 'if (configDigest !== "") return undefined;',
      red: ['an image that is known by its id only is proven by its config, or its digest stays unknown'],
    },
  ]),
  ...mutantsOf('src/cluster/statusscan.ts', status, [
    {
      name: 'status: each look begins the grace anew',
      find: 'const since = first.get(own) ?? now;',
      replace: 'const since = now;',
      red: [
        'a finding is as old as the first look that had it, and a new look renews nothing',
        'what would be denied says by which rule, since when, and whether it is enforced',
      ],
    },
    {
      name: 'status: the next look reads the image again',
      find: 'if (kept !== undefined) return judged(',
      replace: 'if (kept === null) return judged(',
      red: [
        'each image is read once, whatever number of pods have it; the next look reads nothing at all',
        'a new advisory lists the running containers that it touches, with no registry to ask',
      ],
    },
  ]),
  ...mutantsOf('src/cluster/statusreach.ts', status, [
    {
      name: 'status: a flaw that no advisory names reaches nothing',
      find: 'isKnown: reached.length > 0 || isKnown(ids, database),',
      replace: 'isKnown: true,',
      red: ['a new advisory lists the running containers that it touches, with no registry to ask'],
    },
  ]),
  ...mutantsOf('src/cluster/awayhosts.ts', status, [
    {
      name: 'status: a registry that is away is waited for with every image',
      find: 'known.times >= enough',
      replace: 'known.times < 0',
      red: ['a registry that is away is asked a few times, not once for each image'],
    },
  ]),
  ...mutantsOf('src/cluster/statusverdict.ts', preview, [
    {
      name: 'preview: an image that nobody can be asked about is admitted',
      find: "return { decision: 'undecided', failing: [], problem };",
      replace: "return { decision: 'allow', failing: [], problem };",
      red: ['a registry that is away leaves its images refused and named'],
    },
    {
      name: 'preview: a tag that can move is taken for a digest',
      find: "if (request.given === 'tag') addTag(",
      replace: 'if (request.given === undefined) addTag(',
      red: [
        'a tag is refused where no digest is put in, as the agent refuses it',
        'a preview and the agent’s own admission agree on every policy, image and way of naming it',
      ],
    },
  ]),
  ...mutantsOf('src/cluster/preview.ts', preview, [
    {
      name: 'preview: undecided counts as admitted',
      find: "verdict !== undefined && verdict.decision !== 'allow'",
      replace: "verdict?.decision === 'deny'",
      red: [
        'a registry that is away leaves its images refused and named',
        'a preview and the agent’s own admission agree on every policy, image and way of naming it',
      ],
    },
  ]),
  ...mutantsOf('src/cluster/kube/pullsecrets.ts', secrets, [
    {
      name: 'pull secrets: an answer about another namespace’s secret counts (N10)',
      find: 'object?.metadata.name === name && object.metadata.namespace === namespace',
      replace: 'object !== undefined',
      red: ['a secret of another namespace is out of reach, whatever the name says (N10)'],
    },
    {
      name: 'pull secrets: a pattern of hosts goes unnamed (N9)',
      find: 'if (wild.length > 0)',
      replace: 'if (wild.length < 0)',
      red: ['a host that is named by a pattern gets nothing, and the secret is named (N9)'],
    },
    {
      name: 'pull secrets: secrets without end are read',
      find: 'for (const name of names.slice(0, mostSecrets))',
      replace: 'for (const name of names)',
      red: ['a secret that may not be read is named, and so is one too many'],
    },
  ]),
  ...mutantsOf('src/transport/remote/credentials.ts', secrets, [
    {
      name: 'pull secrets: credentials are found by a part of the host (N9)',
      find: 'namesOf(domain, repository).find((candidate) => known.has(candidate));',
      replace:
        'namesOf(domain, repository).flatMap((candidate) => [...known.keys()].filter((key) => candidate.endsWith(key)))[0];',
      red: ['a credential goes to its exact host, and to its path where it names one'],
    },
  ]),
];
