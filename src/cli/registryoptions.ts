// How commands talk to registries: plain HTTP where asked for, and who issues the tokens of a registry.
import type { Command } from 'commander';
import { collect } from './setting.ts';

export interface RegistryOptions {
  plainHttp?: boolean;
  tokenRealm?: string[];
}

export function withRegistryOptions(command: Command): Command {
  return command
    .option('--plain-http', 'talk plain HTTP to a registry that is not on this machine')
    .option(
      '--token-realm <host>',
      'host that issues the registry’s tokens and may see its credentials',
      collect,
    );
}

/** For the registry client. */
export function registryOptions({ plainHttp, tokenRealm }: RegistryOptions): {
  plainHttp: boolean;
  realms: readonly string[];
} {
  return { plainHttp: plainHttp ?? false, realms: tokenRealm ?? [] };
}
