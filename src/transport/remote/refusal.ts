// What a registry answers when it refuses, as a fault that says what to do.
import type { HttpResponse } from '../../net/index.ts';
import { RemoteFault } from './fault.ts';

/** The fault for a status that a caller did not expect, with the registry's own words (spec "Error Codes"). */
export async function unexpected(
  registry: { readonly domain: string },
  response: HttpResponse,
  expected: string,
): Promise<RemoteFault> {
  const said = await errorsOf(response);
  const got = `status ${response.status}${said === '' ? '' : ` (${said})`}`;
  const message = `expected ${registry.domain} to ${expected}, got ${got}`;
  if (response.status === 403)
    return new RemoteFault('access-denied', message, {
      hint: 'The credentials are known but may not do this: ask for the right on the repository.',
    });
  if (response.status === 404)
    return new RemoteFault('image-not-found', message, {
      hint: 'Check the name, the tag and, for a private image, that you are logged in.',
    });
  return new RemoteFault('registry-failed', message);
}

async function errorsOf(response: HttpResponse): Promise<string> {
  let body: unknown;
  try {
    body = await response.json(64 << 10);
  } catch {
    // the body only adds words to a fault that is thrown anyway
    return '';
  }
  const errors = (body as { errors?: unknown } | null)?.errors;
  if (!Array.isArray(errors)) return '';
  const texts = errors
    .slice(0, 5)
    .map(({ code, message }: { code?: unknown; message?: unknown }) =>
      [code, message].filter((part) => typeof part === 'string').join(': '),
    );
  return texts.join('; ').slice(0, 500);
}

export async function rateLimited(domain: string, response: HttpResponse): Promise<RemoteFault> {
  await response.discard();
  const wait = response.header('retry-after');
  return new RemoteFault('rate-limited', `expected ${domain} to answer, got too many requests`, {
    hint:
      wait === undefined
        ? 'Log in for a higher limit, or try again later.'
        : `Try again after ${wait.slice(0, 40)} seconds, or log in for a higher limit.`,
  });
}

export function authRequired(domain: string, refused: boolean): RemoteFault {
  return new RemoteFault(
    'auth-required',
    `expected ${domain} to let us in, got ${refused ? 'a refusal of the credentials' : 'a request for credentials'}`,
    {
      hint: `Log in with docker login ${domain}; an image that does not exist is often answered the same way.`,
    },
  );
}
