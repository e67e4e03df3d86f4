// Small looks at objects of the API server, whose status nobody vouches for.
import type { KubeObject, OwnerReference } from '../kube/index.ts';

export type Map = Record<string, unknown>;

export function mapOf(value: unknown): Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Map) : {};
}

export function listOf(value: unknown): Map[] {
  return Array.isArray(value) ? value.map(mapOf) : [];
}

export function countOf(map: Map, key: string, otherwise = 0): number {
  const value = map[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}

export function textOf(map: Map, key: string): string {
  const value = map[key];
  return typeof value === 'string' ? value : '';
}

export function conditionOf(status: Map, type: string): Map | undefined {
  return listOf(status['conditions']).find((condition) => condition['type'] === type);
}

export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  const owners: unknown = metadata.ownerReferences;
  return Array.isArray(owners) ? (owners as OwnerReference[]).find((owner) => owner?.controller === true) : undefined;
}

/** One line of a stranger's text. */
export function lineOf(text: string, length = 300): string {
  const line = text.replace(/[^\x20-\x7e\u00a0-\u2027\u2030-\ud7ff\ue000-\ufffd]+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
