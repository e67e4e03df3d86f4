// Schemas of what the agent keeps for itself: verdicts, what workloads ran, the last valid policy.
import type { Structural } from './structural.ts';

function text(description: string, maxLength = 2000): Structural {
  return { type: 'string', maxLength, description };
}

/** The largest a verdict or a policy may be; etcd takes 1.5 MB for a whole object. */
const document = 1_000_000;

export const verdictSpec: Structural = {
  type: 'object',
  description: 'What was decided, about what, by which policy.',
  required: ['digest', 'decision', 'key', 'verdict', 'keptAt'],
  properties: {
    image: text('The image as it was named.'),
    digest: text('The digest that was judged.'),
    decision: text('allow, deny or undecided.'),
    policyHash: text('Hash of the policy it was judged by.'),
    rootsHash: text('Hash of the trust roots it was judged with.'),
    key: text('What it is found by again.', 20_000),
    verdict: text('The verdict, JSON.', document),
    evidence: text('What it was judged on, JSON.', document),
    keptAt: text('When, ISO 8601.'),
    until: text('When it can become another, ISO 8601.'),
  },
};

export const workloadImagesSpec: Structural = {
  type: 'object',
  description: 'A workload and what its containers last ran.',
  required: ['kind', 'namespace', 'name', 'uid', 'containers'],
  properties: {
    kind: text('Deployment, StatefulSet, DaemonSet and so on.'),
    namespace: text('Where it lies.'),
    name: text('What it is called.'),
    uid: text('Another workload of the same name has another.'),
    decision: text('The worst of what was decided about its containers.'),
    reason: text('The first rule that was not met.', 4000),
    containers: {
      type: 'array',
      description: 'Containers and image volumes, each with what it last ran.',
      maxItems: 5000,
      items: {
        type: 'object',
        required: ['image', 'digest'],
        properties: {
          use: text('What the container is and is called: container/web, init/setup.'),
          name: text('The container’s name.'),
          image: text('The image as the template names it.'),
          digest: text('The digest that ran.'),
          decision: text('What was decided about it.'),
          code: text('Why, as a code.'),
          reason: text('The first rule that was not met.', 4000),
          since: text('Since when it has run, ISO 8601.'),
        },
      },
    },
  },
};

export const keptPolicySpec: Structural = {
  type: 'object',
  description: 'A policy with its exceptions.',
  required: ['document', 'hash'],
  properties: {
    document: text('The ImagePolicy, JSON.', document),
    hash: text('Its hash.'),
    at: text('When it came into force, ISO 8601.'),
  },
};
