// Asks the agent the way the API server does, so that what stands between the two is found at install and not when
// the first namespace enforces.
import { randomBytes } from 'node:crypto';
import { setEnforcing } from './enforce.ts';
import { ClusterFault } from './fault.ts';
import { type Cluster, enforceLabel, KubeFault, type KubeObject, resources } from './kube/index.ts';
import { workloadKinds } from './workload/index.ts';

/** Answers that let the image through, a second apart, before the agent is believed to have given them. */
const enough = 5;

/** Nothing is created but a namespace, which is removed again. Throws ClusterFault `webhook-unreachable`. */
export async function askAgent(
  cluster: Cluster,
  policy: KubeObject,
  timeout: number,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  // A name of its own each time: the last one's namespace may still be going.
  const space = `seaworthy-probe-${randomBytes(4).toString('hex')}`;
  await cluster.create(resources.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: space, labels: { [enforceLabel]: 'true', 'app.kubernetes.io/name': 'seaworthy' } },
  });
  try {
    const deadline = Date.now() + timeout;
    for (let allowed = 0; ; ) {
      const answer = await ask(cluster, policy, space);
      if (answer === 'refused') return;
      // An API server that does not know of the webhook yet allows as well: that passes within a second or two.
      allowed = answer === 'allowed' ? allowed + 1 : 0;
      if (allowed === enough) return;
      if (answer !== 'allowed' && Date.now() > deadline)
        throw new ClusterFault('webhook-unreachable', `expected an answer of the agent, got ${answer}`, {
          hint: 'The API server must reach the agent’s pods on port 8443: see firewalls and network policies. Namespaces do not enforce yet, so nothing is held up.',
        });
      await pause(1_000);
    }
  } finally {
    // A namespace takes a while to go: it is to count as one that enforces no longer.
    await setEnforcing(cluster, space, false);
    await cluster.delete(resources.namespaces, space);
  }
}

/** `refused`, `allowed`, or what stands in the way. */
async function ask(cluster: Cluster, policy: KubeObject, space: string): Promise<string> {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name: 'probe', namespace: space },
    template: { spec: { containers: [{ name: 'probe', image: imageFor(policy) }] } },
  };
  try {
    await cluster.create(workloadKinds.PodTemplate, object, { dryRun: true });
    return 'allowed';
  } catch (error) {
    if (error instanceof KubeFault) return error.code === 'refused' ? 'refused' : error.message;
    throw error;
  }
}

/** An image that does not exist, where the policy's own allow-list allows it: so the agent is asked, not the floor. */
function imageFor({ spec }: KubeObject): string {
  const { registries } = (spec ?? {}) as { registries?: string[] };
  const name = (registries?.[0] ?? 'seaworthy.invalid/**').replace(/\*+/g, 'seaworthy-probe');
  return `${name}@sha256:${'0'.repeat(64)}`;
}
