// The agent inside a cluster: policy, certificates and registry together answer the API server's reviews.
import { setTimeout as delay } from 'node:timers/promises';
import {
  createAdmission,
  createRotator,
  judgeImages,
  ownerFinder,
  Policies,
  Records,
  Surroundings,
  shortReason,
  VerdictStore,
} from '../cluster/admission/index.ts';
import {
  agentName,
  type Cluster,
  type KubeObject,
  type PullingPod,
  pullSecretCredentials,
  whileLeader,
} from '../cluster/kube/index.ts';
import { groupOf, podSpecOf } from '../cluster/workload/index.ts';
import type { Fault, Home } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import { VerdictCache } from '../trust/index.ts';
import { Checkers } from './checkers.ts';
import { clockOf } from './clock.ts';
import { createHealth } from './health.ts';
import { lead } from './leader.ts';
import type { Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { obey } from './obey.ts';
import { createWebhook, type Webhook } from './webhook.ts';

export interface AgentOptions {
  cluster: Cluster;
  home: Home;
  http: HttpClient;
  log: Logger;
  /** Name of the ImagePolicy that counts. */
  policyName: string;
  /** Whether the cluster was set up to put digests into pods. */
  mutate: boolean;
  /** Namespaces whose pull secrets may be used for their own pods. */
  pullSecrets: readonly string[];
  plainHttp: boolean;
  realms: readonly string[];
  /** Ms that an allow counts while its registry cannot be asked. */
  held: number;
  /** Who this replica is among its like. */
  holder: string;
  host: string;
  port: number;
  healthPort: number;
  /** Ms between being told to stop and closing the door: the cluster has to hear of it first. */
  drain: number;
  env: NodeJS.ProcessEnv;
  /** Directory of the Secret by which its server is known; it has none when left out. */
  server?: string;
}

/** Runs until the signal is aborted. Throws what keeps it from listening. */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { cluster, log } = options;
  const { namespace } = cluster;
  const metrics = createMetrics();
  const clock = clockOf(cluster);
  const problem = problemsTo(log, metrics.problems);
  const surroundings = new Surroundings({ cluster, problem });
  const store = new VerdictStore({
    cluster,
    namespace,
    clock,
    held: options.held,
    problem: (fault) => problem('verdicts', fault),
  });
  const cache = new VerdictCache({ held: options.held, onKept: (kept) => store.keep(kept) });
  const checkers = new Checkers({ ...options, clock, cache });
  const policies = new Policies({
    cluster,
    namespace,
    name: options.policyName,
    mutation: options.mutate,
    clock,
    async prepare({ policy }) {
      for (const stale of await checkers.own.prepare(policy))
        log.warn({ stale }, 'a trust root is not up to date');
    },
    onChange: ({ policy }) => log.info({ policy: policy.name, hash: policy.hash }, 'a policy is in force'),
    problem,
  });
  const scopedChecker = briefly(5_000, async (where: string, pod: PullingPod) => {
    const { credentials, scope, problems } = await pullSecretCredentials(cluster, where, pod);
    for (const text of problems) log.warn({ namespace: where }, text);
    return checkers.scoped(scope, credentials);
  });
  const checkerFor = async (where: string, object: Readonly<Record<string, unknown>>) => {
    if (!options.pullSecrets.includes(where)) return checkers.own;
    const kind = {
      group: groupOf(String(object['apiVersion'] ?? 'v1')),
      kind: String(object['kind'] ?? 'Pod'),
    };
    return scopedChecker(where, podSpecOf(object, kind));
  };
  const judge = async (pod: KubeObject, images: readonly string[]) => {
    const inForce = policies.inForce();
    if (inForce === undefined) return new Map();
    const where = pod.metadata.namespace ?? '';
    const platforms = surroundings.platforms();
    const uses = images.map((image) => ({ role: 'container' as const, name: '', image, path: [] }));
    const judged = await judgeImages(uses, {
      policy: inForce.policy,
      checker: await checkerFor(where, pod),
      labels: await surroundings.labelsOf(where),
      ...(platforms === undefined ? {} : { platforms }),
      tagsPass: false,
      signal: AbortSignal.timeout(60_000),
    });
    return new Map(
      judged.map((one) => {
        const decision = one.verdict?.decision ?? 'undecided';
        return [one.image, { decision, ...(decision === 'allow' ? {} : { reason: shortReason(one) }) }];
      }),
    );
  };
  const records = new Records({
    cluster,
    namespace,
    clock,
    find: ownerFinder(cluster, 10_000, () => performance.now()),
    judge,
    problem: (fault) => problem('records', fault),
  });
  const admission = createAdmission({
    inForce: policies.inForce,
    checkerFor,
    labelsOf: (name) => surroundings.labelsOf(name),
    platforms: () => surroundings.platforms(),
    memory: records,
    find: ownerFinder(cluster, 0, () => performance.now()),
  });

  let webhook: Webhook | undefined;
  let stopping = false;
  const rotator = createRotator({
    cluster,
    clock,
    names: namesIn(namespace),
    onCertificate: ({ cert, key }) => {
      log.info('a certificate is served');
      if (webhook !== undefined) webhook.server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' });
      else
        webhook = createWebhook({
          admission,
          metrics,
          log,
          certificate: { cert, key },
          isStopping: () => stopping,
        });
    },
    onEvent: ({ kind, text, error }) => log[kind === 'done' ? 'info' : 'warn']({ error }, text),
  });
  const health = createHealth({
    metrics,
    missing: () => [
      ...(webhook?.server.listening === true ? [] : ['certificate']),
      ...(policies.inForce() === undefined ? [missingPolicy(policies)] : []),
      ...(stopping ? ['stopping'] : []),
    ],
    refresh() {
      metrics.policyReady.set(policies.state()?.ready === true ? 1 : 0);
      metrics.clockAhead.set(cluster.clockAhead / 1000);
      const expiry = rotator.expiry();
      const now = clock.now().getTime();
      if (expiry !== undefined)
        for (const which of ['leaf', 'authority'] as const)
          metrics.certificateSeconds.set({ which }, (expiry[which] - now) / 1000);
    },
  });
  await health.listen({ host: options.host, port: options.healthPort });
  const background = new AbortController();
  const following = Promise.all([
    surroundings.follow(background.signal),
    policies.follow(background.signal),
    records.follow(() => {}, background.signal),
    store.follow(cache, () => {}, background.signal),
    rotator.run(background.signal),
    whileLeader(
      {
        cluster,
        namespace,
        name: agentName,
        holder: options.holder,
        clock,
        problem: (fault) => problem('lease', fault),
      },
      async (term) => {
        metrics.leading.set(1);
        const { http, server } = options;
        await Promise.all([
          lead({ cluster, clock, log, policies, records, store, problem }, term),
          ...(server === undefined ? [] : [obey({ cluster, http, clock, log, server, problem }, term)]),
        ]);
        metrics.leading.set(0);
      },
      background.signal,
    ),
    listenOnceServed(() => webhook, options, background.signal),
  ]);
  // A bug in the background ends the agent, loudly; the cluster starts it again.
  await Promise.race([following, once(signal)]);
  stopping = true;
  log.info('stopping');
  await delay(options.drain);
  await webhook?.close();
  background.abort();
  await following;
  await store.settled();
  await health.close();
}

async function listenOnceServed(
  webhook: () => Webhook | undefined,
  { host, port, log }: AgentOptions,
  signal: AbortSignal,
): Promise<void> {
  while (webhook() === undefined && !signal.aborted) await delay(50, undefined, { signal }).catch(() => {});
  if (signal.aborted) return;
  await webhook()!.listen({ host, port });
  log.info({ host, port }, 'reviews are answered');
}

function namesIn(namespace: string) {
  return {
    namespace,
    secret: `${agentName}-tls`,
    hosts: [`${agentName}.${namespace}.svc`, `${agentName}.${namespace}.svc.cluster.local`],
    validating: [agentName],
    mutating: [agentName],
  };
}

function missingPolicy(policies: Policies): string {
  const state = policies.state();
  return state === undefined ? 'policy' : `policy (${state.message})`;
}

/** Each kind of problem is told when it begins and when it ends, not each time it is met. */
function problemsTo(log: Logger, counter: ReturnType<typeof createMetrics>['problems']) {
  const open = new Map<string, string>();
  return (what: string, fault: Fault | undefined): void => {
    if (fault === undefined) {
      if (open.delete(what)) log.info({ what }, 'works again');
      return;
    }
    counter.inc({ what, code: fault.code });
    if (open.get(what) === fault.code) return;
    open.set(what, fault.code);
    log.warn({ what, error: fault }, 'does not work, and is tried again');
  };
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Pods of one workload come together and name the same secrets: those are read once in `ms`. */
function briefly<Value>(
  ms: number,
  make: (namespace: string, pod: PullingPod) => Promise<Value>,
): (namespace: string, pod: PullingPod) => Promise<Value> {
  const made = new Map<string, { value: Promise<Value>; until: number }>();
  return (namespace, { imagePullSecrets, serviceAccountName }) => {
    const key = JSON.stringify([namespace, imagePullSecrets, serviceAccountName]);
    const known = made.get(key);
    if (known !== undefined && performance.now() < known.until) return known.value;
    if (made.size >= 1000) made.clear();
    const value = make(namespace, { imagePullSecrets, serviceAccountName });
    made.set(key, { value, until: performance.now() + ms });
    value.catch(() => made.delete(key));
    return value;
  };
}
