// Small looks at objects of the API server, whose status nobody vouches for.
import type { KubeObject, OwnerReference } from '../kube/index.ts';

export type Fields = Record<string, unknown>;

export function mapOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(mapOf) : [];
}

export function countOf(map: Fields, key: string, otherwise = 0): number {
  const value = map[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

export function textOf(map: Fields, key: string): string {
  const value = map[key];
  return typeof value === 'string' ? value : '';
}

export function conditionOf(status: Fields, type: string): Fields | undefined {
  return listOf(status['conditions']).find((condition) => condition['type'] === type);
}

export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  const owners: unknown = metadata.ownerReferences;
  return Array.isArray(owners)
    ? (owners as OwnerReference[]).find((owner) => owner?.controller === true)
    : undefined;
}

/** One line of a stranger's text. */
export function lineOf(text: string, length = 300): string {
  const line = text.replace(/[^\x20-\x7e\u00a0-\u2027\u2030-\ud7ff\ue000-\ufffd]+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
