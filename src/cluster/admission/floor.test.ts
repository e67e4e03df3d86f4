import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyFile } from '../../testing/policyfacts.ts';
import { parsePolicy } from '../../trust/index.ts';
import { workloadKinds } from '../workload/index.ts';
import { floorPolicy } from './floor.ts';
import { workloadRules } from './floorsources.ts';

const now = Date.parse('2026-11-27T10:00:00Z');
const day = 86_400_000;

async function floorOf(spec: Record<string, unknown>, options: { mutation?: boolean; now?: number } = {}) {
  const document = {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'p' },
    spec,
  };
  const policy = await parsePolicy(JSON.stringify(document), 'p.yaml', keyFile);
  const floor = floorPolicy(policy, { mutation: options.mutation ?? false, now: options.now ?? now });
  const { variables, validations } = floor.policy.spec as {
    variables: { name: string; expression: string }[];
    validations: { expression: string; message: string }[];
  };
  return { ...floor, variables, validations, text: JSON.stringify(floor.policy) };
}

const authorities = [{ name: 'build', key: { keys: [{ file: 'build.pub' }] } }];
const signed = { name: 'signed', signature: { by: ['build'] } };
const exception = {
  rule: 'signed',
  images: ['registry.example.com/old'],
  reason: 'r',
  author: 'a',
  expires: '2026-12-01',
};

describe('the floor policy', () => {
  it('looks at every kind that carries images, whatever version is named, and at ephemeral containers', () => {
    const rules = workloadRules();
    for (const { group, plural } of Object.values(workloadKinds))
      assert.ok(
        rules.some((rule) => rule.apiGroups.includes(group) && rule.resources.includes(plural)),
        plural,
      );
    assert.ok(rules.some(({ resources }) => resources.includes('pods/ephemeralcontainers')));
    for (const { operations, apiVersions } of rules) {
      assert.deepEqual(operations, ['CREATE', 'UPDATE']);
      assert.deepEqual(apiVersions, ['*']);
    }
  });

  it('denies in namespaces that enforce only, and never in our own or the cluster’s', async () => {
    const { policy, binding } = await floorOf({ registries: ['registry.example.com/**'] });
    assert.equal((policy.spec as { failurePolicy: string }).failurePolicy, 'Fail');
    assert.deepEqual(
      (binding.spec as { matchResources: { namespaceSelector: unknown } }).matchResources.namespaceSelector,
      {
        matchLabels: { 'seaworthy.dev/enforce': 'true' },
        matchExpressions: [
          {
            key: 'kubernetes.io/metadata.name',
            operator: 'NotIn',
            values: ['seaworthy-system', 'kube-system'],
          },
        ],
      },
    );
  });

  it('holds the allow-list and every enforced rule on registries, and none that only warns', async () => {
    const { validations } = await floorOf({
      registries: ['registry.example.com/**'],
      rules: [
        {
          name: 'team',
          images: ['registry.example.com/team/**'],
          registries: ['registry.example.com/team/good/**'],
        },
        { name: 'soon', mode: 'warn', registries: ['registry.example.com/other/**'] },
      ],
    });
    assert.deepEqual(
      validations.map(({ message }) => /rule (\S+) /.exec(message)![1]),
      ['spec.registries', 'team'],
    );
  });

  it('looks on an update only at images that were not there before', async () => {
    const { variables, validations } = await floorOf({
      authorities,
      registries: ['registry.example.com/**'],
      rules: [signed],
    });
    for (const { expression } of validations) {
      const last = variables.find(({ name }) => expression === `size(variables.${name}) == 0`);
      assert.match(last?.expression ?? '', /\.filter\(x, !\(x\.i in variables\.old\)\)$/);
    }
  });

  it('asks for digests where an enforced rule leans on evidence, on templates only without mutation', async () => {
    const spec = { authorities, rules: [signed, { name: 'd', digest: 'required' }] };
    const plain = await floorOf(spec);
    assert.equal(plain.validations.length, 1, 'rules for the same images ask once');
    assert.match(plain.validations[0]!.message, /rule signed \(and 1 more\)/);
    assert.doesNotMatch(
      plain.variables.map(({ expression }) => expression).join(),
      /request.kind.kind == "Pod" \? variables\.tagged/,
    );
    const mutating = await floorOf(spec, { mutation: true });
    assert.match(
      mutating.variables.map(({ expression }) => expression).join(),
      /request.kind.kind == "Pod" \? variables\.tagged/,
    );
    assert.match(mutating.text, /none was put in: the agent is away, or a warning says/);
    assert.match(plain.text, /digest; write IMAGE@sha256:… \(seaworthy check prints it\)/);
    const warning = await floorOf({ authorities, rules: [{ ...signed, mode: 'warn' }] });
    assert.deepEqual(
      warning.validations.map(({ expression }) => expression),
      ['true'],
    );
  });

  it('passes images under an exception until it runs out, and says when', async () => {
    const spec = { authorities, rules: [signed], exceptions: [exception] };
    const live = await floorOf(spec);
    assert.match(live.text, /registry\.example\.com\/old/);
    assert.equal(live.until, Date.parse('2026-12-02T00:00:00Z'));
    const over = await floorOf(spec, { now: now + 30 * day });
    assert.doesNotMatch(over.text, /registry\.example\.com\/old/);
    assert.equal(over.until, undefined);
  });

  it('no exception lifts the allow-list, and one of another rule lifts no rule on registries', async () => {
    const { text } = await floorOf({
      authorities,
      registries: ['registry.example.com/**'],
      rules: [
        { name: 'team', registries: ['registry.example.com/team/**'] },
        { ...signed, mode: 'audit' },
      ],
      exceptions: [exception],
    });
    assert.doesNotMatch(text, /registry\.example\.com\/old/);
    const lifted = await floorOf({
      rules: [{ name: 'team', registries: ['registry.example.com/team/**'] }],
      exceptions: [{ ...exception, rule: 'team' }],
    });
    assert.match(lifted.text, /registry\.example\.com\/old/);
  });

  it('says how many containers it holds for when the patterns are too many', async () => {
    const many = await floorOf({
      registries: Array.from(
        { length: 500 },
        (_, i) => `registry.example.com/*/a-rather-long-product-name-${i}`,
      ),
    });
    assert.match(many.warnings[0]!, /holds for workloads of at most \d+ containers/);
    const few = await floorOf({
      registries: Array.from({ length: 200 }, (_, i) => `registry.example.com/team-${i}/**`),
    });
    assert.deepEqual(few.warnings, []);
  });

  it('passes what built-in controllers make, each its own kind, and mirror pods of nodes', async () => {
    const { policy } = await floorOf({ registries: ['registry.example.com/**'] });
    const [controllers, mirror] = (policy.spec as { matchConditions: { expression: string }[] })
      .matchConditions;
    assert.match(controllers!.expression, /request.operation == "CREATE"/);
    assert.match(
      controllers!.expression,
      /"ReplicaSet" && request.userInfo.username in \["system:serviceaccount:kube-system:deployment-controller", /,
    );
    assert.doesNotMatch(
      /kind == "Pod" && [^\]]*/.exec(controllers!.expression)![0],
      /deployment-controller|cronjob-controller/,
    );
    assert.match(mirror!.expression, /"system:nodes" in request.userInfo.groups/);
  });
});
