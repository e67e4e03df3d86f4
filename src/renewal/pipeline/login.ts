// How a pipeline's service is logged in to: a secret in a file, read each time, or the machine's Azure identity.
import { readFileSync } from 'node:fs';
import { type Clock, messageOf } from '../../core/index.ts';
import { azureToken, type HttpClient } from '../../net/index.ts';
import { PipelineFault } from './fault.ts';

/** Rejects with PipelineFault `pipeline-login-refused`. */
export async function secretFrom(file: string): Promise<string> {
  let secret: string;
  try {
    secret = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw noLogin(`a secret in ${file}`, messageOf(cause), cause);
  }
  if (secret === '' || secret.length > 8192 || /[\0-\x1f\x7f]/.test(secret))
    throw noLogin(`one line with a secret in ${file}`, 'another text');
  return secret;
}

/**
 * Azure DevOps as Entra knows it: the audience of tokens for it.
 * https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity
 */
const azureDevOps = '499b84ac-1321-427f-aa17-267ca6975798';
/** Ms that a token of the identity is used again; it lives for about an hour. */
const kept = 5 * 60_000;

export interface AzureLogin {
  http: HttpClient;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** Personal access token. */
  tokenFile?: string;
}

/** Value of the Authorization header: a personal access token is the password of nobody. */
export function azureAuthorization({ http, env, clock, tokenFile }: AzureLogin): () => Promise<string> {
  if (tokenFile !== undefined)
    return async () => `Basic ${Buffer.from(`:${await secretFrom(tokenFile)}`).toString('base64')}`;
  let known: { value: string; until: number } | undefined;
  return async () => {
    const now = clock.now().getTime();
    if (known !== undefined && now < known.until) return known.value;
    const token = await azureToken({ client: http, env, resource: azureDevOps });
    if (token === undefined) throw noLogin('an Azure identity of this machine', 'none');
    known = { value: `Bearer ${token}`, until: now + kept };
    return known.value;
  };
}

function noLogin(expected: string, got: string, cause?: unknown): PipelineFault {
  return new PipelineFault('pipeline-login-refused', `expected ${expected}, got ${got}`, {
    hint: 'Give the pipeline a tokenFile, or for Azure the variables of a workload identity.',
    cause,
  });
}
