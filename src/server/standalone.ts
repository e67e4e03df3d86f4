// The agent without a cluster: a policy from a file, reviews answered as in a cluster, on this machine.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAdmission, makeAuthority, makeLeaf, type Pair } from '../cluster/admission/index.ts';
import { type Home, systemClock } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import { type ImagePolicy, VerdictCache } from '../trust/index.ts';
import { Checkers } from './checkers.ts';
import { createHealth } from './health.ts';
import type { Logger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createWebhook } from './webhook.ts';

export interface StandaloneOptions {
  policy: ImagePolicy;
  mutate: boolean;
  /** Labels that rules are chosen by, beside `namespace`. */
  labels: Readonly<Record<string, string>>;
  home: Home;
  http: HttpClient;
  log: Logger;
  plainHttp: boolean;
  realms: readonly string[];
  host: string;
  port: number;
  healthPort: number;
  env: NodeJS.ProcessEnv;
}

export interface Standalone {
  /** `https://127.0.0.1:8443`. */
  url: string;
  /** PEM file of the authority that its certificate is by. */
  caFile: string;
  close(): Promise<void>;
}

/** Throws what keeps it from listening, and RootFault where a trust root is missing. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { policy, mutate, labels, home, log, host } = options;
  const metrics = createMetrics();
  const checkers = new Checkers({ ...options, clock: systemClock, cache: new VerdictCache() });
  for (const stale of await checkers.own.prepare(policy))
    log.warn({ stale }, 'a trust root is not up to date');
  const inForce = { policy, mutation: mutate };
  const admission = createAdmission({
    inForce: () => inForce,
    checkerFor: async () => checkers.own,
    labelsOf: async (namespace) => ({ ...labels, namespace }),
    platforms: () => undefined,
    // Nothing runs here that could be known.
    memory: { ran: () => [] },
    find: async () => undefined,
  });
  const { caFile, leaf } = certificateIn(home, host);
  const webhook = createWebhook({ admission, metrics, log, certificate: leaf });
  const health = createHealth({ metrics, missing: () => [], refresh: () => metrics.policyReady.set(1) });
  await webhook.listen({ host, port: options.port });
  await health.listen({ host, port: options.healthPort });
  const address = webhook.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  log.info({ url, policy: policy.name, hash: policy.hash }, 'reviews are answered');
  return {
    url,
    caFile,
    close: async () => {
      await webhook.close();
      await health.close();
    },
  };
}

/** The authority stays, so that who trusted it once need not again; what it signs lasts as long as the process. */
function certificateIn(home: Home, host: string): { caFile: string; leaf: Pair } {
  const directory = home.dir('agent');
  const caFile = join(directory, 'ca.crt');
  const keyFile = join(directory, 'ca.key');
  const now = Date.now();
  if (!existsSync(caFile) || !existsSync(keyFile)) {
    const made = makeAuthority(now);
    writeFileSync(keyFile, made.key, { mode: 0o600 });
    writeFileSync(caFile, made.cert);
  }
  const authority = { cert: readFileSync(caFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  return { caFile, leaf: makeLeaf(authority, [host, 'localhost'], now) };
}
