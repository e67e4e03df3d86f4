// Lists that a registry gives in pages: tags, and what refers to a manifest.
import { parseJson } from '../../core/index.ts';
import { isTag } from '../../image/index.ts';
import { RemoteFault } from './fault.ts';
import { pages } from './pages.ts';
import { unexpected } from './refusal.ts';
import type { Registry } from './registry.ts';

export const pageBytes = 16 << 20;

/** All tags of a repository, in the registry's order (spec "Listing Tags"). Throws RemoteFault. */
export async function listTags(registry: Registry, repository: string): Promise<string[]> {
  const tags: string[] = [];
  for await (const response of pages(registry, repository, `/v2/${repository}/tags/list`)) {
    if (response.status !== 200) throw await unexpected(registry, response, `list the tags of ${repository}`);
    const page = (parseJson(await response.text(pageBytes)) as { tags?: unknown } | null)?.tags ?? [];
    if (!Array.isArray(page))
      throw new RemoteFault(
        'registry-failed',
        `expected a list of tags from ${registry.domain}, got another shape`,
      );
    tags.push(...page.filter((tag): tag is string => typeof tag === 'string' && isTag(tag)));
  }
  return tags;
}
