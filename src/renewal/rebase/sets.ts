// Sets of path hashes as sorted arrays: what two layers have in common costs one walk over both.

export function unionOf(sets: readonly Float64Array[]): Float64Array {
  const [first, second] = sets;
  if (second === undefined) return first ?? new Float64Array();
  const all = new Float64Array(sets.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const set of sets) {
    all.set(set, at);
    at += set.length;
  }
  return all.sort();
}

/** Hashes that both hold, each once. Both sorted. */
export function common(a: Float64Array, b: Float64Array): number[] {
  const found: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const left = a[i]!;
    const right = b[j]!;
    if (left < right) i++;
    else if (right < left) j++;
    else {
      if (found.at(-1) !== left) found.push(left);
      i++;
      j++;
    }
  }
  return found;
}

/** Sorted, for people. */
export function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
