// Who may read what runs: the clusters' image pull secrets where they are asked for, then the machine's credentials.
import type { HttpClient } from '../net/index.ts';
import { type Credentials, machineCredentials } from '../transport/index.ts';
import { type Cluster, type PullingPod, pullSecretCredentials } from './kube/index.ts';
import type { Running } from './running.ts';
import type { Wanted } from './statusimages.ts';

/** Image pull secrets, read once for each namespace and list of names. */
export class PullSecretsOf {
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #isOn: boolean;
  readonly #machine: Credentials;
  readonly #read = new Map<string, Promise<{ credentials?: Credentials; scope: string }>>();

  constructor(clusters: ReadonlyMap<string, Cluster>, isOn: boolean, machine: Credentials) {
    this.#clusters = clusters;
    this.#isOn = isOn;
    this.#machine = machine;
  }

  first(context: string, { namespace, pulling }: Pick<Running, 'namespace' | 'pulling'>) {
    const cluster = this.#clusters.get(context);
    if (!this.#isOn || cluster === undefined)
      return Promise.resolve<{ credentials?: Credentials; scope: string }>({ scope: '' });
    const key = JSON.stringify([context, namespace, pulling]);
    const known = this.#read.get(key) ?? this.#chained(cluster, namespace, pulling);
    this.#read.set(key, known);
    return known;
  }

  /** What no secret has a credential for is asked for with the machine's own. */
  async #chained(cluster: Cluster, namespace: string, pulling: PullingPod) {
    const { credentials, scope } = await pullSecretCredentials(cluster, namespace, pulling);
    const machine = this.#machine;
    const both: Credentials = async (domain, repository) =>
      (await credentials(domain, repository)) ?? machine(domain, repository);
    return { credentials: both, scope };
  }

  /** Those of up to three who pull it, then the machine's own. */
  async credentialsFor({ pulls }: Wanted): Promise<(Credentials | undefined)[]> {
    const found = new Map<string, Credentials>();
    for (const { context, ...row } of pulls) {
      const { credentials, scope } = await this.first(context, row);
      if (credentials !== undefined && scope !== '' && found.size < 3) found.set(scope, credentials);
    }
    return [...found.values(), undefined];
  }
}

export function machineOf({ http, env }: { http: HttpClient; env?: NodeJS.ProcessEnv }): Credentials {
  return machineCredentials({ http, env: env ?? process.env });
}
