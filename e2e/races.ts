// Many updates of one object at once, through the real API server: whichever wins, no state of it names a bad image.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cluster, type KubeObject, openCluster } from '../src/cluster/kube/index.ts';
import { workloadKinds } from '../src/cluster/workload/index.ts';
import { isFault } from '../src/core/index.ts';
import { done, field, must } from './agent.ts';
import { pushApp } from './apps.ts';
import { type Answer, eventually, kubectl, kubectlBeside, kubectlWatch } from './kubectl.ts';
import { deployment, digests, home, path, pod, prefix, runs, shop, work } from './shop.ts';

interface Update {
  image: string;
  isGood: boolean;
  how: 'set-image' | 'replace' | 'put' | 'put-any' | 'patch';
  answer: Answer;
}

const hows = ['set-image', 'replace', 'put', 'put-any', 'patch'] as const;
const rounds = 8;

type Raced = 'Deployment' | 'Pod';

function withImage(object: KubeObject, kind: Raced, image: string): KubeObject {
  const copy = structuredClone(object) as KubeObject & { spec: never };
  const spec: { containers: { image: string }[] } =
    kind === 'Pod' ? copy.spec : (copy.spec as { template: { spec: never } }).template.spec;
  spec.containers[0]!.image = image;
  return copy;
}

/** Started, not waited for. */
async function update(
  cluster: Cluster,
  kind: Raced,
  now: KubeObject,
  image: string,
  how: Update['how'],
): Promise<Answer> {
  const { name } = now.metadata;
  const next = withImage(now, kind, image);
  if (how === 'set-image')
    return kubectlBeside(['-n', shop, 'set', 'image', `${kind.toLowerCase()}/${name}`, `app=${image}`]);
  if (how === 'replace') return kubectlBeside(['replace', '-f', '-'], next);
  try {
    if (how === 'put') await cluster.replace(workloadKinds[kind], next);
    else if (how === 'put-any') {
      // Without a version it goes over whatever is there.
      const { resourceVersion: _, ...metadata } = next.metadata;
      await cluster.replace(workloadKinds[kind], { ...next, metadata });
    } else {
      const spec = { containers: [{ name: 'app', image }] };
      const body = { spec: kind === 'Pod' ? spec : { template: { spec } } };
      await cluster.patch(workloadKinds[kind], name, shop, { type: 'strategic', body });
    }
    return { ok: true, text: '' };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { ok: false, text: `${error.code}: ${error.message}` };
  }
}

const isConflict = (text: string) => /the object has been modified/.test(text);

export function races(): void {
  for (const kind of ['Deployment', 'Pod'] as const)
    test(`updates of one ${kind} race: good ones win or are in conflict, and no state of it ever names a bad image`, async (context) => {
      const second = `${prefix}/second:${kind.toLowerCase()}`;
      const secondDigest = pushApp(second, { mark: `second-${kind}` }, work);
      must(home, 0, 'sign', second, '--key', path('release.key'));
      const pinned = [`${prefix}/good:1@${digests['good']}`, `${second}@${secondDigest}`];
      // A template may name a tag, which its pods get the digest of; a pod that is there may not.
      const good = kind === 'Pod' ? pinned : [...pinned, `${prefix}/good:1`, second];
      const bad = [
        `${prefix}/unsigned:1`,
        `${prefix}/unsigned:1@${digests['unsigned']}`,
        `${prefix}/stranger:1@${digests['stranger']}`,
        `docker.io/library/nginx:1@${digests['good']}`,
      ];
      const images = kind === 'Pod' ? '.spec.containers[*].image' : '.spec.template.spec.containers[*].image';
      const watching = (what: string, selector: string, image: string) =>
        kubectlWatch([
          ...['-n', shop, what, selector],
          ...['-o', `jsonpath={.metadata.resourceVersion} {${image}}{"\\n"}`],
        ]);
      const label = `app=raced-${kind.toLowerCase()}`;
      const name = `raced-${kind.toLowerCase()}`;
      const labelled = pod(name, pinned[0]!);
      Object.assign(labelled['metadata'] as object, { labels: { app: name } });
      const states = watching(`${kind.toLowerCase()}s`, `--field-selector=metadata.name=${name}`, images);
      const sets = watching('replicasets', `--selector=${label}`, '.spec.template.spec.containers[*].image');
      const pods = watching('pods', `--selector=${label}`, '.spec.containers[*].image');
      const cluster = await openCluster();
      const updates: Update[] = [];
      try {
        done(['create', '-f', '-'], kind === 'Pod' ? labelled : deployment(name, pinned[0]!));
        await runs(shop, label);
        for (let round = 0; round < rounds; round++) {
          const now = (await cluster.get(workloadKinds[kind], name, shop))!;
          const all = hows.flatMap((how, i) =>
            [true, false, round % 2 === 0].map((isGood, j) => {
              const from = isGood ? good : bad;
              return { image: from[(round + i + j) % from.length]!, isGood, how };
            }),
          );
          const answers = await Promise.all(
            all.map(({ image, how }) => update(cluster, kind, now, image, how)),
          );
          updates.push(...all.map((one, i) => ({ ...one, answer: answers[i]! })));
          const there = field(['-n', shop, 'get', kind.toLowerCase(), name], images);
          const changed = (image: string) =>
            JSON.stringify(withImage(now, kind, image)) !== JSON.stringify(now);
          const same = all.filter(({ how, image }, i) => how === 'put' && changed(image) && answers[i]!.ok);
          assert.ok(good.includes(there), there);
          assert.ok(same.length <= 1, 'of those that name one version, one wins');
        }
        done(['-n', shop, 'annotate', kind.toLowerCase(), name, 'e2e.example.com/raced=yes']);
        const last = field(['-n', shop, 'get', kind.toLowerCase(), name], '.metadata.resourceVersion');
        await eventually('the watch has told the last state', () =>
          states.lines().some((line) => Number(line.split(' ')[0]) >= Number(last)),
        );
        if (kind === 'Deployment')
          done(['-n', shop, 'rollout', 'status', `deployment/${name}`, '--timeout=60s']);
      } finally {
        await cluster.close();
        await Promise.all([states, sets, pods].map((one) => one.stop()));
      }

      for (const { image, isGood, how, answer } of updates) {
        const told = `${how} ${image}: ${answer.text}`;
        if (!isGood) assert.equal(answer.ok, false, told);
        if (!isGood && !isConflict(answer.text))
          assert.match(answer.text.replace(/\s+/g, ' '), /signed: |spec\.registries|named by a tag/, told);
        if (isGood && !answer.ok) assert.ok(isConflict(answer.text), told);
      }
      const watches = kind === 'Pod' ? [states, pods] : [states, sets, pods];
      for (const { lines } of watches) assert.ok(lines().length > 1, 'each watch told something');
      const seen = watches.flatMap((one) => one.lines());
      const resolved = kind === 'Pod' ? good : [...good, ...pinned];
      for (const line of seen) {
        const image = line.split(' ')[1]!;
        assert.ok(resolved.includes(image), line);
      }
      const stored = field(['-n', shop, 'get', kind.toLowerCase(), name], images);
      assert.ok(good.includes(stored), stored);
      const count = (keep: (one: Update) => boolean) => updates.filter(keep).length;
      const won = count(({ answer }) => answer.ok);
      const lost = count(({ isGood, answer }) => isGood && !answer.ok);
      assert.ok(won >= rounds && lost > 0, `${won} won, ${lost} lost: no race`);
      context.diagnostic(
        `${kind}: ${updates.length} updates, ${won} stored, ${lost} good ones in conflict, ${count(({ isGood }) => !isGood)} bad ones refused; ${seen.length} states seen`,
      );
      kubectl(['-n', shop, 'delete', kind.toLowerCase(), name, '--grace-period=0', '--force']);
    });
}
