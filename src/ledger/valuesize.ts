// How much a value counts towards the bound of an answer.

/** Bytes; a number counts as eight, a text by its characters. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.byteLength;
  return 8;
}
