// A smoke test.
export interface Tried {
  passed: boolean;
  /** `passed`, `exit 1`, `no end within 60 s`. */
  text: string;
  seconds: number;
  /** The last lines of what it wrote. */
  output: string[];
}
