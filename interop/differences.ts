// Where we and a peer differ on the suite's images, and the rule that decides it.

export interface Difference {
  /** Who has the finding that the other lacks. */
  who: 'us' | 'them';
  /** `PACKAGE ADVISORY`. */
  fits(key: string): boolean;
  why: string;
}

export const differences: Record<string, readonly Difference[]> = {};
