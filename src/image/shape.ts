// Asks an untrusted JSON value for the fields it should hold; the fault names the path that was wrong.
import { ImageFault, type ImageFaultCode } from './fault.ts';

export type JsonObject = { readonly [key: string]: unknown };

/** Reads the fields of one document; every method throws ImageFault with `code` on a wrong shape. */
export interface Shape {
  object(value: unknown, path: string): JsonObject;
  text(value: unknown, path: string): string;
  optionalText(value: unknown, path: string): string | undefined;
  /** A count or a size: an integer from 0 to 2^53 - 1. */
  size(value: unknown, path: string): number;
  /** null counts as an empty list, as Go writes one. */
  list(value: unknown, path: string, limit: number): readonly unknown[];
  texts(value: unknown, path: string, limit: number): string[];
  /** A map of strings; null and absent count as empty. */
  textMap(value: unknown, path: string, limit: number): Record<string, string>;
}

export function shapeOf(code: ImageFaultCode): Shape {
  const wrong = (path: string, expected: string, got: unknown): never => {
    throw new ImageFault(code, `expected ${path} to be ${expected}, got ${nameOf(got)}`);
  };
  const shape: Shape = {
    object: (value, path) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as JsonObject)
        : wrong(path, 'an object', value),
    text: (value, path) => (typeof value === 'string' ? value : wrong(path, 'a string', value)),
    optionalText: (value, path) =>
      value === undefined || value === null ? undefined : shape.text(value, path),
    size: (value, path) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
        ? value
        : wrong(path, 'a whole number of at least 0', value),
    list(value, path, limit) {
      if (value === undefined || value === null) return [];
      if (!Array.isArray(value)) return wrong(path, 'a list', value);
      return value.length > limit ? wrong(path, `at most ${limit} items`, value.length) : value;
    },
    texts: (value, path, limit) =>
      shape.list(value, path, limit).map((item, at) => shape.text(item, `${path}[${at}]`)),
    textMap(value, path, limit) {
      if (value === undefined || value === null) return {};
      const entries = Object.entries(shape.object(value, path));
      if (entries.length > limit) return wrong(path, `at most ${limit} entries`, entries.length);
      // fromEntries defines own properties, so that a key named __proto__ stays a key
      return Object.fromEntries(entries.map(([key, item]) => [key, shape.text(item, `${path}.${key}`)]));
    },
  };
  return shape;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value);
}
