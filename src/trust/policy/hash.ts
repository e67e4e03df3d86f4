// One hash for one meaning: JSON with its keys in order, hashed.
import { digestOf } from '../../image/index.ts';

/** `sha256:` and the hash of the value's canonical JSON. */
export function hashOf(value: unknown): string {
  return digestOf(Buffer.from(canonicalJson(value)));
}

/** JSON with every object's keys sorted by code unit and without what is undefined. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
