// What registries tell of pushes: read into hints, of which nothing is believed but that a look is worth it.
import { parseJson } from '../../core/index.ts';
import { isManifestType, isRepository, isTag } from '../../image/index.ts';

export type PushKind = 'distribution' | 'acr';

export interface PushHint {
  /** As the registry calls itself; absent: it does not say. */
  host?: string;
  repository: string;
  tag: string;
}

const mostHints = 1000;

/**
 * Distribution's notifications (docs.docker.com/registry/notifications: `{events: [{action, target, request}]}`) and
 * Azure Container Registry's webhooks (learn.microsoft.com, "container-registry-webhook-reference": one object of the
 * same parts). Pushes of blobs and deletions give nothing. Throws JsonFault.
 */
export function parsePush(kind: PushKind, text: string): PushHint[] {
  const document = parseJson(text) as { events?: unknown } | null;
  const events = kind === 'distribution' ? document?.events : [document];
  if (!Array.isArray(events)) return [];
  return events.slice(0, mostHints).flatMap(hintOf);
}

function hintOf(event: unknown): PushHint[] {
  const { action, target, request } = objectOf(event);
  const { repository, tag, mediaType } = objectOf(target);
  const { host } = objectOf(request);
  if (action !== 'push' || typeof repository !== 'string' || typeof tag !== 'string') return [];
  if (!isRepository(repository) || !isTag(tag)) return [];
  if (typeof mediaType === 'string' && !isManifestType(mediaType)) return [];
  const named = typeof host === 'string' && /^[A-Za-z0-9.-]{1,255}(?::\d{1,5})?$/.test(host) ? { host } : {};
  return [{ ...named, repository, tag }];
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
