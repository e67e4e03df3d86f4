// Admission policies of the API server itself that guard what Seaworthy leans on: the label that enforces, exceptions
// and their authors, and what only the agent may write. They do not change, and hold without the agent.
import {
  agentName,
  enforceLabel,
  group,
  type KubeObject,
  resources,
  systemNamespace,
} from '../kube/index.ts';
import { apiVersionOf } from '../workload/index.ts';

interface Validation {
  expression: string;
  message: string;
  messageExpression?: string;
}

interface Guard {
  name: string;
  rules: { group: string; resources: string[]; operations: ('CREATE' | 'UPDATE')[] }[];
  variables?: { name: string; expression: string }[];
  validations: Validation[];
}

const agent = `system:serviceaccount:${systemNamespace}:${agentName}`;

/** Texts of an exception's spec that stay what they were; `approver` is the one that may come later. */
const fixedFields = ['rule', 'undecided', 'images', 'labels', 'reason', 'author', 'expires'];

/** AKS's admissions enforcer takes namespaces with these labels out of every webhook's selector. */
export const unasked = ['control-plane', 'kubernetes.azure.com/managedby'] as const;

const enforceGuard: Guard = {
  name: 'seaworthy-guard-enforce',
  // Labels can also be written through the subresources of a namespace.
  rules: [{ group: '', resources: ['namespaces', 'namespaces/*'], operations: ['CREATE', 'UPDATE'] }],
  variables: [
    { name: 'now', expression: labelOf('object') },
    { name: 'before', expression: `request.operation == "UPDATE" ? ${labelOf('oldObject')} : ""` },
    {
      name: 'may',
      expression: `authorizer.group("${group}").resource("namespaces").subresource("enforce").name(request.name).check("update").allowed()`,
    },
    {
      name: 'hidden',
      expression: `request.operation == "UPDATE" && variables.before != "" && [${unasked.map((name) => JSON.stringify(name)).join(', ')}].exists(name, ${labelOf('object', 'name')} != ${labelOf('oldObject', 'name')})`,
    },
  ],
  validations: [
    {
      expression: 'variables.now == variables.before || variables.may',
      message: `the label ${enforceLabel} is for those who may update namespaces/enforce in ${group}`,
      messageExpression: `"Seaworthy: " + request.userInfo.username + " may not change the label ${enforceLabel} of the namespace " + request.name + ": it takes the right to update namespaces/enforce in the API group ${group}"`,
    },
    {
      expression: '!variables.hidden || variables.may',
      message: `Seaworthy: the labels ${unasked.join(' and ')} of a namespace that enforces are for those who may update namespaces/enforce in ${group}: AKS asks no webhook about namespaces that have them`,
    },
  ],
};

function labelOf(object: string, name = `"${enforceLabel}"`): string {
  return `dyn(${object}).metadata.?labels[?${name}].orValue("")`;
}

const exceptionGuard: Guard = {
  name: 'seaworthy-guard-exceptions',
  rules: [{ group, resources: ['imageexceptions'], operations: ['CREATE', 'UPDATE'] }],
  variables: [
    { name: 'spec', expression: 'dyn(object).spec' },
    { name: 'old', expression: 'request.operation == "UPDATE" ? dyn(oldObject).spec : dyn({})' },
    { name: 'approver', expression: 'variables.spec.?approver.orValue("")' },
    { name: 'oldApprover', expression: 'variables.old.?approver.orValue("")' },
  ],
  validations: [
    {
      expression: 'request.operation != "CREATE" || variables.spec.author == request.userInfo.username',
      message: 'spec.author must be the name of who creates the exception',
      messageExpression:
        '"Seaworthy: spec.author must be " + request.userInfo.username + ", who creates the exception, got " + string(variables.spec.author)',
    },
    {
      expression: `request.operation != "UPDATE" || (${fixedFields.map((field) => `variables.spec.?${field} == variables.old.?${field}`).join(' && ')})`,
      message:
        'Seaworthy: an exception stays as it was written; make another one. Only spec.approver may be added',
    },
    {
      expression:
        'variables.approver == variables.oldApprover || variables.approver == "" || (request.operation == "UPDATE" && variables.approver == request.userInfo.username && variables.approver != variables.spec.author)',
      message: 'spec.approver must be the name of who sets it, and another person than spec.author',
      messageExpression:
        '"Seaworthy: spec.approver must be the name of who sets it (" + request.userInfo.username + "), when the exception is there already, and another person than spec.author (" + string(variables.spec.author) + ")"',
    },
  ],
};

const agentGuard: Guard = {
  name: 'seaworthy-guard-agent',
  rules: [
    {
      group,
      resources: [
        ...[resources.imageVerdicts, resources.workloadImages, resources.keptPolicies].flatMap(
          ({ plural }) => [plural, `${plural}/status`],
        ),
        'imagepolicies/status',
        'imageexceptions/status',
      ],
      operations: ['CREATE', 'UPDATE'],
    },
  ],
  validations: [
    {
      expression: `request.userInfo.username == "${agent}"`,
      message: `Seaworthy: only its agent (${agent}) writes this: admission leans on it`,
    },
  ],
};

const placeGuard: Guard = {
  name: 'seaworthy-guard-place',
  rules: [
    {
      group,
      resources: [
        resources.imagePolicies,
        resources.imageExceptions,
        resources.imageVerdicts,
        resources.workloadImages,
        resources.keptPolicies,
      ].map(({ plural }) => plural),
      operations: ['CREATE'],
    },
  ],
  validations: [
    {
      expression: `request.namespace == "${systemNamespace}"`,
      message: `Seaworthy: its resources count in the namespace ${systemNamespace} only; make this one there`,
    },
  ],
};

/** Policies and their bindings, in the order in which they are applied. */
export function guardPolicies(): KubeObject[] {
  return [enforceGuard, exceptionGuard, agentGuard, placeGuard].flatMap(objectsOf);
}

function objectsOf({ name, rules, variables = [], validations }: Guard): KubeObject[] {
  const labels = { 'app.kubernetes.io/name': 'seaworthy' };
  return [
    {
      apiVersion: apiVersionOf(resources.admissionPolicies),
      kind: resources.admissionPolicies.kind,
      metadata: { name, labels },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          matchPolicy: 'Equivalent',
          resourceRules: rules.map(({ group: apiGroup, resources: names, operations }) => ({
            apiGroups: [apiGroup],
            apiVersions: ['*'],
            resources: names,
            operations,
            scope: '*',
          })),
        },
        variables,
        validations: validations.map((validation) => ({ ...validation, reason: 'Forbidden' })),
      },
    },
    {
      apiVersion: apiVersionOf(resources.admissionPolicyBindings),
      kind: resources.admissionPolicyBindings.kind,
      metadata: { name, labels },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}
