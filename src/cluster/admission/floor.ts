// The floor: an admission policy of the API server itself that holds the allow-list and the demand for digests while
// the agent is away. It is made from the policy, denies in enforcing namespaces only, and is never stricter than the
// agent.
import { endOfDay, type ImagePolicy } from '../../trust/index.ts';
import { agentName, enforceLabel, type KubeObject } from '../kube/index.ts';
import { digestDemands } from './floordigest.ts';
import { nameVariables } from './floorname.ts';
import { type Chain, registryDemands } from './floorregistry.ts';
import { exemptNamespaces, floorConditions, imageVariables, workloadRules } from './floorsources.ts';

export const floorName = `${agentName}-floor`;

export interface FloorOptions {
  /** Whether pods get digests put in; templates may name tags then. */
  mutation: boolean;
  /** Ms since 1970: exceptions that have run out lift nothing. */
  now: number;
}

export interface Floor {
  policy: KubeObject;
  binding: KubeObject;
  /** What it cannot hold as it should, a sentence each. */
  warnings: string[];
  /** Ms since 1970 at which it has to be made again, because an exception runs out. */
  until?: number;
}

export function floorPolicy(policy: ImagePolicy, { mutation, now }: FloorOptions): Floor {
  const live = policy.exceptions.filter(({ expires }) => endOfDay(expires) > now);
  const chains = [...registryDemands(policy, live), ...digestDemands(policy, live, mutation)];
  const ends = live.map(({ expires }) => endOfDay(expires));
  return {
    policy: object('ValidatingAdmissionPolicy', {
      failurePolicy: 'Fail',
      matchConstraints: { matchPolicy: 'Equivalent', resourceRules: workloadRules() },
      matchConditions: floorConditions(),
      variables: [...imageVariables(), ...nameVariables(), ...chains.flatMap(({ variables }) => variables)],
      validations:
        chains.length === 0
          ? [{ expression: 'true', message: 'the policy has no allow-list and asks for no digests' }]
          : chains.map(({ result, saying, message }) => ({
              expression: `size(${result}) == 0`,
              message,
              messageExpression: saying,
              reason: 'Forbidden',
            })),
    }),
    binding: object('ValidatingAdmissionPolicyBinding', {
      policyName: floorName,
      validationActions: ['Deny'],
      matchResources: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {
          matchLabels: { [enforceLabel]: 'true' },
          matchExpressions: [
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: [...exemptNamespaces] },
          ],
        },
      },
    }),
    warnings: costWarnings(chains),
    ...(ends.length === 0 ? {} : { until: Math.min(...ends) }),
  };

  function object(kind: string, spec: unknown): KubeObject {
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: {
        name: floorName,
        labels: { 'app.kubernetes.io/name': 'seaworthy' },
        annotations: { 'seaworthy.dev/policy': policy.name, 'seaworthy.dev/policy-hash': policy.hash },
      },
      spec,
    };
  }
}

/** The API server allows one binding 10,000,000 units; taking names apart costs most of 2,000 of them for each image. */
const budget = 10_000_000;
const namesCost = 2_500;

function costWarnings(chains: readonly Chain[]): string[] {
  const cost = namesCost + chains.reduce((sum, chain) => sum + chain.cost, 0);
  const most = Math.floor(budget / cost);
  if (most >= 1_000) return [];
  return [
    `the floor policy holds for workloads of at most ${most} containers: the policy has so many patterns that the API server gives up beyond, and refuses the workload`,
  ];
}
