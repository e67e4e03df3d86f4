// Checkers by whose registry credentials they use: verdicts, threads and roots are shared, credentials never are.
import { createHash } from 'node:crypto';
import type { Clock, Home } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import { type Credentials, machineCredentials } from '../transport/index.ts';
import { type Checker, createChecker, createVerifierThread, type VerdictCache } from '../trust/index.ts';

export interface CheckersOptions {
  http: HttpClient;
  home: Home;
  clock: Clock;
  cache: VerdictCache;
  plainHttp: boolean;
  realms: readonly string[];
  env: NodeJS.ProcessEnv;
}

/** Scopes that are remembered; one that was forgotten is made again. */
const most = 500;

export class Checkers {
  /** With the agent's own credentials. */
  readonly own: Checker;
  readonly #options: CheckersOptions;
  readonly #scoped = new Map<string, Checker>();
  readonly #thread = createVerifierThread();
  readonly #ownCredentials: Credentials;

  constructor(options: CheckersOptions) {
    this.#options = options;
    this.#ownCredentials = machineCredentials({ http: options.http, env: options.env });
    this.own = this.#make(this.#ownCredentials, '');
  }

  /** `scope`: names the secrets the credentials come from; the agent's own are asked where those have none. */
  scoped(scope: string, credentials: Credentials): Checker {
    const key = createHash('sha256').update(scope).digest('hex');
    let checker = this.#scoped.get(key);
    if (checker === undefined) {
      checker = this.#make(
        async (domain, repository) =>
          (await credentials(domain, repository)) ?? this.#ownCredentials(domain, repository),
        key,
      );
      if (this.#scoped.size >= most) this.#scoped.delete(this.#scoped.keys().next().value!);
      this.#scoped.set(key, checker);
    }
    return checker;
  }

  #make(credentials: Credentials, credentialScope: string): Checker {
    const { http, home, clock, cache, plainHttp, realms } = this.#options;
    return createChecker({
      http,
      home,
      clock,
      cache,
      plainHttp,
      realms,
      credentials,
      credentialScope,
      verify: this.#thread.verify,
    });
  }
}
