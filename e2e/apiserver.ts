// The API server hangs and then is gone, a minute in all: what the agent answers meanwhile, and what it knows afterwards.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createClient } from '../src/net/index.ts';
import { agentAnswers, done, field, must, refused } from './agent.ts';
import { pushApp } from './apps.ts';
import { componentOf } from './controlplane.ts';
import { eventually, kubectl } from './kubectl.ts';
import {
  agentPod,
  deployment,
  digests,
  home,
  inForce,
  open,
  path,
  pod,
  policy,
  prefix,
  rules,
  runs,
  shop,
  system,
  work,
} from './shop.ts';

const minute = 60_000;

/** The agent's own door, past the API server. */
function doorOf(agent: string) {
  const address = field(['-n', system, 'get', 'pod', agent], '.status.podIP');
  const bundle = field(
    ['get', 'validatingwebhookconfiguration', 'seaworthy-agent'],
    '.webhooks[0].clientConfig.caBundle',
  );
  const tls = {
    ca: Buffer.from(bundle, 'base64').toString('utf8'),
    serverName: `seaworthy-agent.${system}.svc`,
  };
  const http = createClient({ tls, env: {} });
  return {
    async review(
      image: string,
      namespace: string,
    ): Promise<{ allowed: boolean; status?: { message: string } }> {
      const review = {
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        request: {
          uid: randomUUID(),
          kind: { group: '', version: 'v1', kind: 'Pod' },
          namespace,
          name: 'away',
          operation: 'CREATE',
          userInfo: { username: 'admin' },
          object: pod('away', image),
          oldObject: null,
          dryRun: true,
        },
      };
      const response = await http.request({
        method: 'POST',
        url: `https://${address}:8443/admit/enforce?timeout=10s`,
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(review)),
        retries: 0,
      });
      return ((await response.json()) as { response: { allowed: boolean } }).response;
    },
    close: () => http.close(),
  };
}

function recorded(): Map<string, string> {
  const { items } = JSON.parse(done(['-n', system, 'get', 'workloadimages', '-o', 'json'])) as {
    items: { metadata: { name: string; uid: string } }[];
  };
  return new Map(items.map(({ metadata }) => [metadata.name, metadata.uid]));
}

const lease = () =>
  JSON.parse(done(['-n', system, 'get', 'lease', 'seaworthy-agent', '-o', 'json'])).spec as {
    holderIdentity: string;
    renewTime: string;
  };

export function apiServer(): void {
  test('the API server hangs and is gone, a minute in all: the agent goes on by itself, and takes up what changes afterwards', async (context) => {
    const server = componentOf('kube-apiserver');
    if (server === undefined)
      return context.skip('the API server of this cluster cannot be stopped from here');
    const beside = ['kube-controller-manager', 'kube-scheduler'].map((name) => componentOf(name)!);
    const fresh = `${prefix}/fresh:1`;
    const unseen = `${fresh}@${pushApp(fresh, { mark: 'fresh' }, work)}`;
    must(home, 0, 'sign', fresh, '--key', path('release.key'));
    const bad = ['unsigned', 'stranger'].map((name) => `${prefix}/${name}:1@${digests[name]}`);
    const agent = agentPod();
    const state = () => ({
      uid: field(['-n', system, 'get', 'pod', agent], '.metadata.uid'),
      restarts: field(['-n', system, 'get', 'pod', agent], '.status.containerStatuses[0].restartCount'),
      certificate: field(['-n', system, 'get', 'secret', 'seaworthy-agent-tls'], '.metadata.resourceVersion'),
      holder: lease().holderIdentity,
    });
    await eventually('the agent leads', () => lease().holderIdentity === agent);
    const before = state();
    const records = recorded();
    assert.ok(records.size > 0);

    const door = doorOf(agent);
    const began = performance.now();
    let unanswered = 0;
    let answered = 0;
    let away = 0;
    const ended: string[] = [];
    const awayUntil = (ms: number) =>
      eventually(
        `the API server was away for ${ms / 1000} s`,
        async () => {
          const asked = kubectl(['--request-timeout=5s', 'get', '--raw', '/readyz']);
          assert.equal(asked.ok, false, asked.text);
          unanswered++;
          for (const image of bad) {
            const { allowed, status } = await door.review(image, open);
            assert.match(`${allowed} ${status?.message.replace(/\s+/g, ' ')}`, /^false .*signed: /);
          }
          assert.equal((await door.review(unseen, open)).allowed, true);
          // Here the pull secrets have to be asked for: refused in time, whether or not it can say why.
          assert.equal((await door.review(bad[0]!, shop)).allowed, false);
          answered += bad.length + 2;
          return performance.now() - began >= ms;
        },
        2 * minute,
      );
    server.halt();
    try {
      await awayUntil(minute / 2);
      await server.kill();
      await awayUntil(minute);
    } finally {
      await door.close();
      away = performance.now() - began;
      await server.kill();
      server.start();
      await eventually('the API server answers', () => kubectl(['get', '--raw', '/readyz']).ok);
      // They end when they cannot renew their leases, and whoever runs a control plane starts them again.
      ended.push(...beside.filter((one) => one.isGone()).map(({ name }) => name));
      for (const one of beside) one.start();
    }
    assert.ok(away >= minute);
    const back = new Date();
    context.diagnostic(
      `away for ${(away / 1000).toFixed(1)} s: ${unanswered} requests unanswered, ${answered} reviews answered by the agent; ended meanwhile: ${ended.join(', ') || 'none'}`,
    );

    await agentAnswers(shop);
    done(['create', '--dry-run=server', '-f', '-'], pod('fine', unseen));
    assert.match(
      refused(['create', '--dry-run=server', '-f', '-'], pod('bad', `${prefix}/unsigned:1`)),
      /no signature/,
    );
    await eventually('its lease is renewed', () => {
      const { holderIdentity, renewTime } = lease();
      return holderIdentity === agent && new Date(renewTime) > back;
    });

    const scanned = {
      name: 'scanned',
      vulnerabilities: { by: ['scanner'], severity: 'low', maxDatabaseAge: '3650d' },
    };
    await inForce(policy({ rules: rules([scanned]) }));
    assert.match(
      refused(['create', '--dry-run=server', '-f', '-'], pod('fine', unseen)),
      /scanned: /,
      'its policy is followed',
    );
    await inForce(policy());
    done(['create', '--dry-run=server', '-f', '-'], pod('fine', unseen));

    done(['apply', '-f', '-'], deployment('after', unseen));
    await runs(shop, 'app=after');
    await eventually('what started afterwards is recorded: pods are followed', () =>
      /e2e-shop\s+Deployment\s+after\s+allow/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
    );
    const kept = recorded();
    for (const [name, uid] of records)
      assert.equal(kept.get(name), uid, `what was recorded of ${name} is there`);
    done(['-n', open, 'run', 'later', `--image=${prefix}/stranger:1`]);
    await eventually('what runs where nothing is enforced is judged', () =>
      /e2e-open\s+Pod\s+later\s+deny/.test(kubectl(['-n', system, 'get', 'workloadimages']).text),
    );
    assert.deepEqual(state(), before, 'the same pod, never restarted, leading, with the same certificate');
    done(['-n', open, 'delete', 'pod', 'later', '--grace-period=0', '--force']);
    done(['-n', shop, 'delete', 'deployment', 'after']);
  });
}
