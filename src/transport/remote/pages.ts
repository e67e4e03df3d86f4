// Lists that a registry gives in pages, without end if it likes (OCI distribution-spec, Listing Tags).
import type { HttpResponse } from '../../net/index.ts';
import { RemoteFault } from './fault.ts';
import { pullScope } from './pull.ts';
import type { Registry } from './registry.ts';

const mostPages = 1000;

/** Follows Link: <…>; rel="next" within the registry (RFC 8288), never twice to the same place. */
export async function* pages(
  registry: Registry,
  repository: string,
  path: string,
): AsyncGenerator<HttpResponse> {
  const seen = new Set<string>();
  let next: URL | undefined = new URL(path, registry.base);
  while (next !== undefined) {
    if (seen.has(next.href) || seen.size >= mostPages)
      throw new RemoteFault(
        'registry-failed',
        `expected the pages of ${path} to end, got the same one twice or more than ${mostPages}`,
      );
    seen.add(next.href);
    const response: HttpResponse = await registry.send({ path: next, scopes: pullScope(repository) });
    const link = /<([^>]{1,2048})>\s*;\s*rel="?next"?/i.exec(response.header('link') ?? '')?.[1];
    const current: URL = next;
    yield response;
    next = link === undefined ? undefined : nextPage(registry, link, current);
  }
}

function nextPage(registry: Registry, link: string, current: URL): URL {
  const url = URL.parse(link, current);
  if (url?.origin === registry.base.origin) return url;
  throw new RemoteFault(
    'registry-failed',
    `expected the next page on ${registry.base.host}, got ${url?.host ?? 'no URL'}`,
  );
}
