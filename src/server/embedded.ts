// The registry of the server's own: blobs on disk, the catalogue in the ledger, tokens at the door.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Clock, Home } from '../core/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { bookCatalogue, createRegistry, type RegistryChange } from '../registry/index.ts';
import { diskBlobs } from '../store/index.ts';
import type { Credentials } from '../transport/index.ts';
import { registryAccess, type Tokens } from './access/index.ts';
import type { ServerConfig } from './config.ts';

export interface Embedded {
  /** `127.0.0.1:5000` */
  domain: string;
  /** The server's own credential for it, before any other's. */
  credentials(others: Credentials): Credentials;
  close(): Promise<void>;
}

export interface EmbeddedOptions {
  config: ServerConfig;
  home: Home;
  ledger: Ledger;
  tokens: Tokens;
  clock: Clock;
  onChange(change: RegistryChange): void;
}

/** Undefined: none is configured. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded | undefined> {
  const { config, home, ledger, tokens, clock } = options;
  const settings = config.registry;
  if (settings === undefined) return undefined;
  // known to this process alone, and another one each time it starts
  const own = randomBytes(32).toString('base64url');
  const others = registryAccess(tokens, settings.anonymous ?? 'none');
  const ownHeader = `Basic ${Buffer.from(`seaworthy:${own}`).toString('base64')}`;
  const app = createRegistry({
    catalogue: bookCatalogue(ledger),
    blobs: await diskBlobs(home.dir('registry')),
    access: (request) => (request.authorization === ownHeader ? { allow: true } : others(request)),
    onChange: options.onChange,
    clock,
    ...(settings.tls === undefined
      ? {}
      : {
          https: {
            key: readFileSync(config.file(settings.tls.key), 'utf8'),
            cert: readFileSync(config.file(settings.tls.certificate), 'utf8'),
          },
        }),
  });
  const { host, port } = addressOf(settings.listen);
  await app.listen({ host, port });
  const bound = app.server.address() as AddressInfo;
  const domain = `${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
  return {
    domain,
    credentials: (rest) => async (asked, repository) =>
      asked === domain ? { kind: 'basic', username: 'seaworthy', password: own } : rest(asked, repository),
    close: () => app.close(),
  };
}

export function addressOf(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(text.slice(colon + 1)) };
}
