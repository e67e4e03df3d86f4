// What the record says of one renewed image, beside how far it is.

export interface ApiPackageDiff {
  /** How many, of all platforms together. */
  counts: { downgraded: number; removed: number; unordered: number; upgraded: number; added: number };
  /** The first of them: at most 100. */
  changes: { kind: keyof ApiPackageDiff['counts']; name: string; before?: string; after?: string }[];
}

/** What a smoke test came to. */
export interface ApiTried {
  passed: boolean;
  /** `exit 1`, `no end within 60 s`, `passed`. */
  text: string;
  seconds: number;
  /** The last lines of what it wrote. */
  output: string[];
}
