// What a smoke test is: a command that a staged image must pass before its tag moves.

/** Run without a shell; `{image}` is the staged image, by digest. */
export interface SmokeTest {
  command: readonly string[];
  /** Ms. */
  timeout: number;
}

export interface TrialOrder {
  /** Of the image in its renewal: what is left of an earlier try of the same is ended first. */
  id: string;
  /** `HOST/REPOSITORY@DIGEST` */
  image: string;
}

export interface Tried {
  passed: boolean;
  /** `passed`, `exit 1`, `no end within 60 s`. */
  text: string;
  seconds: number;
  /** The last lines of what it wrote. */
  output: string[];
}

/** Undefined: as many run as may; the caller asks again. Rejects only when `signal` is aborted. */
export type TryOut = (test: SmokeTest, order: TrialOrder, signal: AbortSignal) => Promise<Tried | undefined>;
