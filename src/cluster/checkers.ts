// One checker for each set of credentials: who asks the same with the same credentials shares the work.

import type { Credentials } from '../transport/index.ts';
import { type Checker, type CheckerOptions, createChecker, VerdictCache } from '../trust/index.ts';

export type CheckerFor = (its: { credentials?: Credentials; scope: string }) => Checker;

export function checkersWith(
  options: Pick<CheckerOptions, 'home' | 'http' | 'clock' | 'env'>,
  registry: { plainHttp: boolean; realms: readonly string[] } | undefined,
  verify: NonNullable<CheckerOptions['verify']>,
): CheckerFor {
  const { home, http, clock, env } = options;
  const cache = new VerdictCache();
  const made = new Map<string, Checker>();
  return ({ credentials, scope }) => {
    const known =
      made.get(scope) ??
      createChecker({
        home,
        http,
        clock,
        cache,
        verify,
        credentialScope: scope,
        ...registry,
        ...(env === undefined ? {} : { env }),
        // without a secret of its own, with the machine's
        ...(credentials === undefined || scope === '' ? {} : { credentials }),
      });
    made.set(scope, known);
    return known;
  };
}
