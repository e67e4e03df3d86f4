// A new authority takes over while a real API server asks two replicas all the time: no call may fail.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { makeAuthority, makeLeaf, type Pair } from '../src/cluster/admission/certificate.ts';
import { secretOf, stateIn } from '../src/cluster/admission/certificatesecret.ts';
import { createRotator } from '../src/cluster/admission/rotator.ts';
import { type Cluster, openCluster, resources } from '../src/cluster/kube/index.ts';
import { systemClock } from '../src/core/index.ts';
import { eventually, kubectl } from './kubectl.ts';
import { nodeAddress } from './place.ts';

const space = 'install-rotation';
const hosts = [`agent.${space}.svc`, `agent.${space}.svc.cluster.local`];
const day = 86_400_000;

/** What an API server asks: it lets everything through, and counts. */
function replica(counts: { asked: number }) {
  let server: Server | undefined;
  let authorities = 0;
  return {
    serve({ cert, key }: Pair): void {
      authorities++;
      if (server !== undefined) {
        server.setSecureContext({ cert, key });
        return;
      }
      server = createServer({ cert, key, keepAlive: false }, (request, response) => {
        let text = '';
        request.on('data', (chunk) => (text += chunk));
        request.on('end', () => {
          counts.asked++;
          const { uid } = (JSON.parse(text) as { request: { uid: string } }).request;
          response.setHeader('connection', 'close');
          response.setHeader('content-type', 'application/json');
          response.end(
            JSON.stringify({
              apiVersion: 'admission.k8s.io/v1',
              kind: 'AdmissionReview',
              response: { uid, allowed: true },
            }),
          );
        });
      });
      server.listen(0, '0.0.0.0');
    },
    port: () => (server!.address() as AddressInfo).port,
    served: () => authorities,
    close: () => server?.close(),
  };
}

const isPlain = { metadata: { name: 'agent', namespace: space } };

function apply(object: unknown): void {
  const { ok, text } = kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], object);
  assert.ok(ok, text);
}

describe('the rotation of certificates', () => {
  let cluster: Cluster;
  const stop = new AbortController();
  const counts = { asked: 0 };
  const replicas = [replica(counts), replica(counts)];
  const running: Promise<void>[] = [];
  before(async () => {
    cluster = await openCluster();
    kubectl(['create', 'namespace', space]);
  });
  after(async () => {
    stop.abort();
    await Promise.all(running);
    for (const one of replicas) one.close();
    kubectl(['delete', 'validatingwebhookconfiguration', space]);
    kubectl(['delete', 'namespace', space, '--wait=false']);
    await cluster.close();
  });

  it('changes the authority under load without a failed call, and without a restart', async () => {
    // An authority that is due since yesterday, and a young certificate by it.
    const now = Date.now();
    const authority = makeAuthority(now - 244 * day);
    const old = { authority, previous: [], leaf: makeLeaf(authority, hosts, now - day) };
    await cluster.create(resources.secrets, secretOf(old, 'agent-tls', space, undefined));
    for (const one of replicas) one.serve(old.leaf);
    await new Promise((resolve) => setImmediate(resolve));
    apply({
      apiVersion: 'v1',
      kind: 'Service',
      ...isPlain,
      spec: { ports: [{ port: 443, protocol: 'TCP' }] },
    });
    for (const [i, one] of replicas.entries())
      apply({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: `agent-${i}`, namespace: space, labels: { 'kubernetes.io/service-name': 'agent' } },
        addressType: 'IPv4',
        ports: [{ port: one.port(), protocol: 'TCP' }],
        endpoints: [{ addresses: [nodeAddress()] }],
      });
    apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: space },
      webhooks: [
        {
          name: 'rotation.seaworthy.dev',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          timeoutSeconds: 5,
          clientConfig: {
            service: { name: 'agent', namespace: space },
            caBundle: Buffer.from(authority.cert).toString('base64'),
          },
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': space } },
          rules: [
            { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] },
          ],
        },
      ],
    });
    const ask = () =>
      cluster.create(
        resources.configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe', namespace: space } },
        { dryRun: true },
      );
    await eventually('the API server asks', async () => {
      await ask().catch(() => {});
      return counts.asked > 0;
    });

    let load = true;
    const failed: string[] = [];
    let calls = 0;
    const loading = Promise.all(
      [0, 1].map(async () => {
        while (load) {
          calls++;
          await ask().catch((error: Error) => failed.push(error.message));
        }
      }),
    );
    for (const one of replicas)
      running.push(
        createRotator({
          cluster,
          clock: systemClock,
          names: { namespace: space, secret: 'agent-tls', hosts, validating: [space], mutating: [] },
          onCertificate: (pair) => one.serve(pair),
        }).run(stop.signal),
      );
    const state = async () => stateIn(await cluster.get(resources.secrets, 'agent-tls', space))!;
    await eventually('a new authority is published', async () => (await state()).previous.length === 1);
    assert.equal((await state()).leaf.cert, old.leaf.cert, 'nothing by it is served yet');
    await eventually(
      'a certificate by the new authority is served by both',
      async () => (await state()).leaf.cert !== old.leaf.cert && replicas.every((one) => one.served() >= 3),
      120_000,
    );
    const more = async () => {
      const from = calls;
      await eventually('some more calls', () => calls > from + 200);
    };
    await more();
    const settled = await state();
    assert.ok(kubectl(['delete', 'secret', 'agent-tls', '-n', space]).ok);
    await eventually('a lost Secret is made anew', async () => {
      const found = await state();
      return found !== undefined && found.authority.cert !== settled.authority.cert;
    });
    await more();
    load = false;
    await loading;
    const after = await state();
    const issued = (by: string) =>
      new X509Certificate(settled.leaf.cert).checkIssued(new X509Certificate(by));
    assert.ok(issued(settled.authority.cert));
    assert.deepEqual(settled.previous, [authority.cert]);
    assert.deepEqual(after.leaf, settled.leaf, 'what is served stays until the next authority is published');
    assert.deepEqual(after.previous, [settled.authority.cert]);
    assert.deepEqual(failed, []);
    assert.ok(calls > 500 && counts.asked >= calls - 5, `${calls} calls, ${counts.asked} answers`);
    process.stdout.write(`# ${calls} calls through the change of the authority, none failed\n`);
  });
});
