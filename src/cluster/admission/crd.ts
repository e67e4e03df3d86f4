// The custom resources of seaworthy.dev as an API server takes them: two that people write, three that the agent keeps.
import { imagePolicyShape } from '../../trust/index.ts';
import { group, type KubeObject, resources } from '../kube/index.ts';
import { apiVersionOf, type Resource } from '../workload/index.ts';
import { keptPolicySpec, verdictSpec, workloadImagesSpec } from './crdkept.ts';
import { type Structural, structural, withoutKeys } from './structural.ts';

interface Column {
  name: string;
  type: 'string' | 'date' | 'integer';
  jsonPath: string;
  priority?: number;
}

interface Definition {
  resource: Resource;
  singular: string;
  shortNames: readonly string[];
  description: string;
  spec: Structural;
  status?: Structural;
  columns: readonly Column[];
}

/** In the order in which they are applied. The libraries that schemas are made with load on use. */
export async function customResources(): Promise<KubeObject[]> {
  const document = (await imagePolicyShape()) as { properties: { spec: Record<string, unknown> } };
  const policy = structural(document.properties.spec);
  return definitions(policy).map(definitionOf);
}

function definitions(policy: Structural): Definition[] {
  const exception = policy.properties!['exceptions']!.items!;
  const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
  const ready: Column[] = [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      priority: 1,
    },
  ];
  return [
    {
      resource: resources.imagePolicies,
      singular: 'imagepolicy',
      shortNames: ['imgpol'],
      description:
        'Which images may run: the same document as in a file, with its keys and certificates in it. The agent says in status whether it is in force; an invalid one never replaces a valid one.',
      spec: {
        description: 'What images must meet; an empty policy allows nothing.',
        // Files are there where a policy is a file; here the text itself stands in pem and json.
        ...withoutKeys(policy, ['file', 'files']),
      },
      status: statusOf({
        hash: { type: 'string', description: 'Hash of the policy that is in force, exceptions included.' },
        rulesHash: {
          type: 'string',
          description: 'The same without modes, exceptions, suppressions and revocations.',
        },
      }),
      columns: [...ready, age],
    },
    {
      resource: resources.imageExceptions,
      singular: 'imageexception',
      shortNames: ['imgexc'],
      description:
        'Lets images past one rule or one undecided reason of the policy, for a time. It stays as it was written; only an approver may be added.',
      spec: {
        ...exception,
        description: 'What is let past, why, by whom and until when.',
        properties: {
          ...exception.properties,
          author: {
            ...exception.properties!['author'],
            description: 'Your own name, as the API server knows you.',
          },
          approver: {
            type: 'string',
            minLength: 1,
            maxLength: 2000,
            description:
              'Who approved it: another person, who sets this to the own name (spec.exceptionsNeedApprover).',
          },
        },
        'x-kubernetes-validations': [
          {
            rule: 'has(self.rule) != has(self.undecided)',
            message: 'expected rule or undecided, one of them: an exception lifts one named thing',
          },
        ],
      },
      status: statusOf({}),
      columns: [
        { name: 'Rule', type: 'string', jsonPath: '.spec.rule' },
        { name: 'Undecided', type: 'string', jsonPath: '.spec.undecided' },
        { name: 'Author', type: 'string', jsonPath: '.spec.author' },
        { name: 'Expires', type: 'string', jsonPath: '.spec.expires' },
        ...ready.slice(0, 1),
        age,
      ],
    },
    {
      resource: resources.imageVerdicts,
      singular: 'imageverdict',
      shortNames: [],
      description: 'A verdict that the agent keeps, so that it outlives a restart and a registry outage.',
      spec: verdictSpec,
      columns: [
        { name: 'Image', type: 'string', jsonPath: '.spec.image' },
        { name: 'Decision', type: 'string', jsonPath: '.spec.decision' },
        { name: 'Kept', type: 'string', jsonPath: '.spec.keptAt' },
        { name: 'Digest', type: 'string', jsonPath: '.spec.digest', priority: 1 },
      ],
    },
    {
      resource: resources.workloadImages,
      singular: 'workloadimages',
      shortNames: [],
      description:
        'The digests that a workload last ran, by its UID: what was admitted stays admitted by this record.',
      spec: workloadImagesSpec,
      columns: [
        { name: 'Namespace', type: 'string', jsonPath: '.spec.namespace' },
        { name: 'Kind', type: 'string', jsonPath: '.spec.kind' },
        { name: 'Workload', type: 'string', jsonPath: '.spec.name' },
        { name: 'Decision', type: 'string', jsonPath: '.spec.decision' },
        age,
        { name: 'Why', type: 'string', jsonPath: '.spec.reason', priority: 1 },
      ],
    },
    {
      resource: resources.keptPolicies,
      singular: 'keptpolicy',
      shortNames: [],
      description:
        'The last policy that was valid: the agent starts with it when the one that is there is not.',
      spec: keptPolicySpec,
      columns: [
        { name: 'Hash', type: 'string', jsonPath: '.spec.hash' },
        { name: 'At', type: 'string', jsonPath: '.spec.at' },
      ],
    },
  ];
}

function statusOf(more: Record<string, Structural>): Structural {
  const text = (description: string): Structural => ({ type: 'string', description });
  return {
    type: 'object',
    description: 'Written by the agent.',
    properties: {
      ...more,
      conditions: {
        type: 'array',
        description: 'Ready: whether it counts, and why not.',
        items: {
          type: 'object',
          required: ['type', 'status'],
          properties: {
            type: text('Ready.'),
            status: text('True, False or Unknown.'),
            reason: text('One word.'),
            message: text('What is wrong and what to do, or what is in force.'),
            observedGeneration: { type: 'integer', format: 'int64' },
            lastTransitionTime: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  };
}

function definitionOf({
  resource,
  singular,
  shortNames,
  description,
  spec,
  status,
  columns,
}: Definition): KubeObject {
  const { plural, kind, version } = resource;
  return {
    apiVersion: apiVersionOf(resources.customResourceDefinitions),
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/name': 'seaworthy' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        plural,
        singular,
        kind,
        listKind: `${kind}List`,
        ...(shortNames.length > 0 ? { shortNames } : {}),
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(status === undefined ? {} : { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec,
                ...(status === undefined ? {} : { status }),
              },
            },
          },
        },
      ],
    },
  };
}
