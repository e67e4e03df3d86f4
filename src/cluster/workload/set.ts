// Puts other images into an object, as the JSON patch (RFC 6902) that does it.

export interface JsonPatch {
  op: 'add' | 'replace' | 'remove' | 'test';
  /** JSON pointer (RFC 6901). */
  path: string;
  value?: unknown;
}

/** A pointer to a path: `/spec/containers/0/image`. */
export function pointerOf(path: readonly (string | number)[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Replaces the text at the path, and only while it is still what it was read as. */
export function replaceText(path: readonly (string | number)[], before: string, after: string): JsonPatch[] {
  const pointer = pointerOf(path);
  return [
    { op: 'test', path: pointer, value: before },
    { op: 'replace', path: pointer, value: after },
  ];
}
