// ImageException resources, merged into the policy's document before it is compiled and hashed.
import type { KubeObject } from '../kube/index.ts';

export interface MergedPolicy {
  /** ImagePolicy, as JSON: YAML of the same is longer and says no more. */
  document: Record<string, unknown>;
  /** Exceptions that do not count, with why. */
  ignored: { name: string; why: string }[];
  /** Names of those that do. */
  counted: string[];
}

interface ExceptionSpec {
  rule?: unknown;
  undecided?: unknown;
  images?: unknown;
  labels?: unknown;
  reason?: unknown;
  author?: unknown;
  approver?: unknown;
  expires?: unknown;
}

/** `policy`: an ImagePolicy, from a file or a cluster. Exceptions of another namespace are none: give only ours. */
export function mergeExceptions(
  policy: { metadata: { name: string }; spec?: unknown },
  exceptions: readonly KubeObject[],
): MergedPolicy {
  const spec = (policy.spec ?? {}) as Record<string, unknown>;
  const ignored: MergedPolicy['ignored'] = [];
  const counted: string[] = [];
  const merged: unknown[] = Array.isArray(spec['exceptions']) ? [...spec['exceptions']] : [];
  const rules = new Set(
    (Array.isArray(spec['rules']) ? spec['rules'] : []).map((rule: { name?: unknown } | null) => rule?.name),
  );
  const sorted = [...exceptions].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const { metadata, spec: given } of sorted) {
    const { approver, ...exception } = (given ?? {}) as ExceptionSpec;
    const why =
      spec['exceptionsNeedApprover'] === true && (typeof approver !== 'string' || approver === '')
        ? 'the policy asks for an approver: another person sets spec.approver'
        : spec['exceptionsNeedApprover'] === true && approver === exception.author
          ? 'the approver has to be another person than the author'
          : exception.rule !== undefined && !rules.has(exception.rule)
            ? `the policy has no rule ${JSON.stringify(exception.rule)}`
            : undefined;
    if (why !== undefined) ignored.push({ name: metadata.name, why });
    else {
      counted.push(metadata.name);
      merged.push(exception);
    }
  }
  return {
    document: {
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: policy.metadata.name },
      spec: { ...spec, ...(merged.length === 0 ? {} : { exceptions: merged }) },
    },
    ignored,
    counted,
  };
}
