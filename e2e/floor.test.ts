import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { floorPolicy } from '../src/cluster/admission/floor.ts';
import { type Cluster, type KubeObject, openCluster, resources } from '../src/cluster/kube/index.ts';
import { workloadKinds } from '../src/cluster/workload/index.ts';
import { parseReference } from '../src/image/index.ts';
import { matchesPattern } from '../src/trust/evidence/index.ts';
import { parsePolicy } from '../src/trust/index.ts';
import { imagePatternProblem } from '../src/trust/policy/pattern.ts';

const probe = 'install-floor-probe';
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

async function policyOf(spec: unknown) {
  const document = {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'probe' },
    spec,
  };
  return parsePolicy(JSON.stringify(document), 'probe.yaml', () => '');
}

function template(images: readonly string[]): KubeObject {
  const containers = images.map((image, i) => ({ name: `c${i}`, image }));
  return {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name: 'probe', namespace: probe },
    template: { spec: { containers } },
  };
}

/** The floor's own variables under validations that tell all they found. */
async function apply(cluster: Cluster, floor: { policy: KubeObject; binding: KubeObject }, tell?: string) {
  const spec = floor.policy.spec as { variables: { name: string }[]; validations: unknown[] };
  const validations =
    tell === undefined ? spec.validations : [{ expression: 'false', messageExpression: tell }];
  await cluster.apply(resources.admissionPolicies, {
    ...floor.policy,
    metadata: { name: probe },
    spec: { ...spec, validations },
  });
  await cluster.apply(resources.admissionPolicyBindings, {
    ...floor.binding,
    metadata: { name: probe },
    spec: {
      policyName: probe,
      validationActions: ['Deny'],
      matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': probe } } },
    },
  });
}

/** Undefined: it would be created. */
async function refusal(cluster: Cluster, object: KubeObject): Promise<string | undefined> {
  const { kind } = object as { kind: 'PodTemplate' };
  return cluster.create(workloadKinds[kind], object, { dryRun: true }).then(
    () => undefined,
    (error: Error) => error.message,
  );
}

/** Asks until the API server follows the policy that was applied last. */
async function until(what: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) if (await what()) return;
  assert.fail('the API server did not take the policy up within 20 s');
}

const pieces = [
  'nginx',
  'library/nginx',
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'Docker.io',
  'localhost',
  'LOCALHOST',
  'localhost:5000',
  'registry.example.com',
  'REGISTRY.example.com',
  'registry.example.com:443',
  'x.azurecr.io',
  'a.b.azurecr.io',
  'azurecr.io',
  'evilazurecr.io',
  '127.0.0.1:5000',
  '[::1]:5000',
  '[::1]',
  'host:65535',
  'host:65536',
  'host:99999',
  'host:0',
  'team',
  'team2',
  'app',
  'a_b',
  'a__b',
  'a___b',
  'a.b',
  'a..b',
  'a-b',
  'a--b',
  '-a',
  'a-',
  'A',
  'ä',
  '*',
  '',
  ' ',
  '\n',
  '..',
  '.',
  ':1',
  ':latest',
  ':_',
  ':-x',
  ':',
  '@',
  `@${digest}`,
  `:t@${digest}`,
  '@sha256:abc',
  `@sha512:${'ab'.repeat(64)}`,
  `@${digest.toUpperCase()}`,
  '/',
  '//',
  '/',
  '/',
  '/',
  '/',
  'a'.repeat(64),
  'deadbeef'.repeat(8),
  'b'.repeat(250),
  '%2f',
  '?',
  '#',
  '\\',
  '"',
  "'",
];

function pick<T>(items: readonly T[]): T {
  return items[randomInt(items.length)]!;
}

function oddImage(): string {
  if (randomInt(3) === 0) {
    const host = pick([
      'docker.io/',
      'registry.example.com/',
      'x.azurecr.io/',
      'localhost:5000/',
      'Registry.example.com/',
      '127.0.0.1:5000/',
      '',
    ]);
    const path = Array.from({ length: 1 + randomInt(4) }, () =>
      pick(['team', 'team2', 'app', 'library', 'nginx', 'dotnet', 'a-b']),
    ).join('/');
    return `${host}${path}${pick(['', ':1', `@${digest}`, `:1@${digest}`])}`;
  }
  return Array.from({ length: 1 + randomInt(7) }, () => pick(pieces)).join('');
}

const patterns = [
  'docker.io/library/nginx',
  'docker.io/library/*',
  'docker.io/**',
  'registry.example.com/**',
  'registry.example.com/team/**',
  'registry.example.com/team/*',
  'registry.example.com/*/app',
  'registry.example.com/**/app',
  'registry.example.com/team*',
  '*.azurecr.io/**',
  '*.azurecr.io/team/*',
  'x.azurecr.io/a-*/b',
  'localhost:5000/**',
  '127.0.0.1:5000/team',
  'registry.example.com:443/**',
  'host:65535/**',
  'registry.example.com/team/app',
  'registry.example.com/team2/**',
  'registry-1.docker.io/**',
  'index.docker.io/**',
];

describe('the floor on a real API server', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await openCluster();
    await cluster.apply(resources.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: probe, labels: { environment: 'production' } },
    });
  });
  after(async () => {
    await cluster.delete(resources.admissionPolicyBindings, probe);
    await cluster.delete(resources.admissionPolicies, probe);
    await cluster.delete(resources.namespaces, probe);
    await cluster.close();
  });

  it('takes names apart as Seaworthy does, and fits the same patterns, for thousands of odd texts', async () => {
    for (const pattern of patterns) assert.equal(imagePatternProblem(pattern, false), undefined, pattern);
    let texts = 0;
    let allowed = 0;
    for (let round = 0; round < 8; round++) {
      const chosen = patterns.filter(() => randomInt(3) === 0);
      if (chosen.length === 0) chosen.push(pick(patterns));
      const floor = floorPolicy(await policyOf({ registries: chosen }), { mutation: false, now: Date.now() });
      const result = (floor.policy.spec as { validations: { expression: string }[] }).validations[0]!
        .expression;
      const outside = /size\((\S+)\)/.exec(result)![1]!;
      await apply(
        cluster,
        floor,
        `"round ${round}|" + variables.parsed.map(x, (x.ok ? x.n : "!") + (x.at ? "@" : "") + (x.i in ${outside}.map(y, y.i) ? " no" : " yes")).join("|")`,
      );
      await until(
        async () => (await refusal(cluster, template(['a'])))?.includes(`round ${round}|`) === true,
      );
      const wanted = 400;
      for (let done = 0; done < wanted; ) {
        const images = [...new Set(Array.from({ length: 20 }, oddImage))].filter(
          (text) => text.trim() === text && text !== '',
        );
        const said = await refusal(cluster, template(images));
        const answers = said?.split(`round ${round}|`)[1]?.split('|') ?? [];
        assert.equal(answers.length, images.length, said ?? 'nothing was refused');
        for (const [i, image] of images.entries()) {
          assert.equal(answers[i], ours(image, chosen), JSON.stringify({ image, chosen }));
          if (answers[i]!.endsWith(' yes')) allowed++;
        }
        done += images.length;
        texts += images.length;
      }
    }
    assert.ok(texts >= 3200 && allowed > 100, `${texts} texts, ${allowed} allowed`);
  });

  it('holds 1,000 containers against 200 patterns within the API server’s budget', async () => {
    const deep = (i: number) => `registry.example.com/team-${i}/a-rather-long-name-of-a-product`;
    const long = 'a'.repeat(60);
    const shapes: [string, (i: number) => string][] = [
      ['exact', deep],
      ['all below one host', (i) => `${deep(i)}/**`],
      ['of names as long as they may be', (i) => `registry.example.com/${long}/${long}/${long}-${i}/**`],
      ['each on a host of its own', (i) => `registry-${i}.example.com/team/**`],
      ['in the middle', (i) => `registry.example.com/*/product-${i}`],
    ];
    for (const [what, shape] of shapes) {
      const registries = Array.from({ length: 200 }, (_, i) => shape(i));
      const policy = await policyOf({ registries });
      const floor = floorPolicy(policy, { mutation: false, now: Date.now() });
      await apply(cluster, floor);
      const named = (i: number) =>
        shape(i % 200)
          .replace('**', 'some/app')
          .replace('*', 'team');
      const good = Array.from({ length: 1000 }, (_, i) => `${named(i)}:${i}`);
      const bad = good.map((image) => image.replace('example.com', 'example.org'));
      const holds = async () =>
        (await refusal(cluster, template([good[199]!]))) === undefined &&
        (await refusal(cluster, template([bad[0]!]))) !== undefined;
      await until(holds);
      const most =
        floor.warnings.length === 0 ? 1000 : Number(/at most (\d+)/.exec(floor.warnings[0] ?? '')?.[1]);
      if (what !== 'in the middle') assert.equal(most, 1000, what);
      assert.equal(await refusal(cluster, template(good.slice(0, most))), undefined, what);
      const refused = await refusal(cluster, template(bad.slice(0, most)));
      assert.match(
        refused ?? '',
        new RegExp(`example\\.org.* \\(and ${most - 1} more\\): rule spec\\.registries`),
        what,
      );
    }
  });
});

/** What Seaworthy's own parser and patterns say, as the probe writes it. */
function ours(image: string, chosen: readonly string[]): string {
  try {
    const { domain, repository, digest: given } = parseReference(image);
    const name = `${domain.toLowerCase()}/${repository}`;
    const fits = chosen.some((pattern) => matchesPattern(pattern, name));
    return `${name}${given === undefined ? '' : '@'} ${fits ? 'yes' : 'no'}`;
  } catch {
    return `!${image.replace(/^(?:[^/@]*\/)*[^:/@]*/, '').includes('@') ? '@' : ''} no`;
  }
}
