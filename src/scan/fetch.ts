// Feeds are fetched by the guarded client.
import type { HttpClient } from '../net/index.ts';
import type { Fetch } from './advisory/index.ts';

export function advisoryFetch(http: HttpClient, signal: AbortSignal): Fetch {
  return async (url, init) => {
    const response = await http.request({ url, signal, ...(init?.headers ? { headers: init.headers } : {}) });
    return {
      status: response.status,
      headers: { get: (name) => response.header(name.toLowerCase()) ?? null },
      body: response.body,
    };
  };
}
