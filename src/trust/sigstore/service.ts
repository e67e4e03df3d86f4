// What the signing services have in common: JSON in, JSON out, and an error that quotes them.
import { messageOf } from '../../core/index.ts';
import type { HttpClient, HttpResponse } from '../../net/index.ts';
import { SigningFault } from './fault.ts';

const largest = 1 << 20;

/** A path below the service's address, which may have a path of its own. */
export function serviceUrl(base: string, path: string): URL {
  const url = URL.parse(base);
  if (url === null)
    throw new SigningFault(
      'signing-failed',
      `expected the address of a signing service, got ${JSON.stringify(base.slice(0, 200))}`,
    );
  return new URL(path, url.href.endsWith('/') ? url : `${url.href}/`);
}

/** Throws SigningFault, NetFault. */
export async function postJson(http: HttpClient, url: URL, body: unknown): Promise<unknown> {
  const response = await post(http, url, Buffer.from(JSON.stringify(body)), 'application/json');
  return response.json(largest);
}

/** Throws SigningFault, NetFault. A token is never sent to another place: redirects are not followed. */
export async function post(
  http: HttpClient,
  url: URL,
  body: Uint8Array,
  type: string,
): Promise<HttpResponse> {
  const response = await http.request({
    method: 'POST',
    url,
    body,
    headers: { 'content-type': type },
    redirects: 'manual',
    retries: 2,
  });
  if (response.status === 200 || response.status === 201) return response;
  throw new SigningFault(
    'signing-failed',
    `expected ${url.host} to answer, got status ${response.status}${await words(response)}`,
  );
}

async function words(response: HttpResponse): Promise<string> {
  try {
    const text = (await response.text(64 << 10)).trim().slice(0, 300);
    return text === '' ? '' : ` (${text})`;
  } catch (error) {
    return ` (${messageOf(error)})`;
  }
}
