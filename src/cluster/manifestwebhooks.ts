// Which requests the API server asks the agent about: those that bring images. It must not fail anybody outside of the
// namespaces that enforce.
import { exemptNamespaces, workloadRules } from './admission/index.ts';
import { agentName, enforceLabel, group, type KubeObject, systemNamespace } from './kube/index.ts';
import { named } from './manifestrights.ts';

/** By the name that the API server sets: nobody can give it to another namespace. */
const notExempt = {
  key: 'kubernetes.io/metadata.name',
  operator: 'NotIn',
  values: [...exemptNamespaces],
};

export function webhookObjects({ mutate }: { mutate: boolean }): KubeObject[] {
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: named(agentName),
      webhooks: [
        {
          ...webhook('enforce.admit', '/admit/enforce', 'Fail'),
          namespaceSelector: { matchLabels: { [enforceLabel]: 'true' }, matchExpressions: [notExempt] },
          rules: workloadRules(),
        },
        {
          ...webhook('audit.admit', '/admit/audit', 'Ignore'),
          namespaceSelector: {
            matchExpressions: [{ key: enforceLabel, operator: 'NotIn', values: ['true'] }, notExempt],
          },
          rules: workloadRules(),
        },
      ],
    },
    ...(mutate ? [mutatingWebhook()] : []),
  ];
}

function mutatingWebhook(): KubeObject {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: named(agentName),
    webhooks: [
      {
        // Whatever it leaves undone is refused by the validating one.
        ...webhook('mutate', '/mutate', 'Ignore'),
        reinvocationPolicy: 'IfNeeded',
        namespaceSelector: { matchLabels: { [enforceLabel]: 'true' }, matchExpressions: [notExempt] },
        rules: [rule(['pods'], ['CREATE']), rule(['pods/ephemeralcontainers'], ['UPDATE'])],
      },
    ],
  };
}

function rule(resources: string[], operations: string[]) {
  return { apiGroups: [''], apiVersions: ['v1'], resources, operations, scope: 'Namespaced' };
}

function webhook(name: string, path: string, failurePolicy: 'Fail' | 'Ignore') {
  return {
    name: `${name}.${group}`,
    admissionReviewVersions: ['v1'],
    clientConfig: { service: { name: agentName, namespace: systemNamespace, path, port: 443 } },
    failurePolicy,
    matchPolicy: 'Equivalent',
    objectSelector: {},
    sideEffects: 'NoneOnDryRun',
    timeoutSeconds: 10,
  };
}
