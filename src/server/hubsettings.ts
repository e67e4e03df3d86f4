// What the configuration means: for an image, for targets, for the key that signs.
import { readFileSync } from 'node:fs';
import { parseReference } from '../image/index.ts';
import type { ImageSettings, RolloutTarget } from '../renewal/index.ts';
import { type BundleSigner, matchesPattern, openKey } from '../trust/index.ts';
import { type ServerConfig, spanOf } from './config.ts';
import { gitTarget } from './hubtargets.ts';
import { clusterTarget } from './orders.ts';

/** Undefined: nothing says that it is renewed. */
export function imageSettings({ renewal }: ServerConfig, reference: string): ImageSettings | undefined {
  const { domain, repository } = parseReference(reference);
  const found = renewal?.images?.find(({ match }) => matchesPattern(match, `${domain}/${repository}`));
  if (found === undefined) return undefined;
  return {
    means: found.means ?? ['rebase', 'rebuild'],
    ...(found.pipeline === undefined ? {} : { pipeline: found.pipeline }),
    patience: spanOf(found.patience, '1h'),
    approval: found.approval ?? false,
    rollout: found.rollout ?? [],
    consent: found.consent ?? false,
    ...(found.smokeTest === undefined
      ? {}
      : {
          smokeTest: {
            command: found.smokeTest.command,
            timeout: spanOf(found.smokeTest.timeout, '5m'),
          },
        }),
    ...(found.maxAge === undefined ? {} : { maxAge: spanOf(found.maxAge, '') }),
  };
}

export function targetsOf(
  { renewal }: ServerConfig,
  env: NodeJS.ProcessEnv,
  orders: Parameters<typeof clusterTarget>[1],
): Map<string, RolloutTarget> {
  const targets = new Map<string, RolloutTarget>();
  for (const { name, git, cluster } of renewal?.targets ?? []) {
    if (cluster !== undefined) targets.set(name, clusterTarget(cluster, orders));
    if (git !== undefined)
      targets.set(
        name,
        gitTarget(
          {
            repository: git.repository,
            ...(git.branch === undefined ? {} : { branch: git.branch }),
            ...(git.onBranch === undefined ? {} : { onBranch: git.onBranch }),
          },
          env,
        ),
      );
  }
  return targets;
}

/** Undefined: no key is configured. Rejects with KeyFault. */
export async function signerOf({
  config,
  env,
  password,
}: {
  config: ServerConfig;
  env: NodeJS.ProcessEnv;
  password(): Promise<string>;
}): Promise<BundleSigner | undefined> {
  const { signing } = config;
  if (signing === undefined) return undefined;
  const { passwordFile } = signing;
  const key = signing.key.includes('://') ? signing.key : config.file(signing.key);
  return {
    key: await openKey(key, {
      readFile: (path) => readFileSync(path, 'utf8'),
      env,
      password: async () =>
        passwordFile === undefined
          ? password()
          : readFileSync(config.file(passwordFile), 'utf8').replace(/\r?\n$/, ''),
    }),
  };
}
