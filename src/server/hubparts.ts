// What the jobs of a server work with.
import type { Clock, Home } from '../core/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { HttpClient } from '../net/index.ts';
import type { ImageSettings, RenewalParts, Workshop } from '../renewal/index.ts';
import type { AdvisoryDatabase } from '../scan/index.ts';
import type { Registry } from '../transport/index.ts';
import type { ResolvedImage } from '../trust/index.ts';
import type { Observing } from '../watch/index.ts';
import type { ServerConfig } from './config.ts';
import type { PolicyInForce } from './hubpolicy.ts';
import type { Logger } from './log.ts';

export interface HubParts {
  config: ServerConfig;
  home: Home;
  ledger: Ledger;
  clock: Clock;
  log: Logger;
  http: HttpClient;
  policy: PolicyInForce;
  /** Undefined: no key to sign with is configured, so nothing is renewed. */
  workshop: Workshop | undefined;
  renewal: RenewalParts | undefined;
  observing: Observing;
  registryOf(domain: string): Registry;
  /** By tag or digest. */
  resolve(reference: string, digest?: string): Promise<ResolvedImage>;
  database(): AdvisoryDatabase | undefined;
  /** After an update: the next `database()` is the new one. */
  reopenDatabase(): void;
  settingsOf(reference: string): ImageSettings | undefined;
}
