// Smoke tests of a server: a few at a time, so that those that take minutes leave room for everything else.
import type { SmokeTest } from './parts.ts';
import { runTrial, type TrialOptions, type TrialOrder, type Tried } from './trial.ts';

const mostAtOnce = 4;

/** Undefined: as many run as may; the caller asks again. */
export type TryOut = (test: SmokeTest, order: TrialOrder, signal: AbortSignal) => Promise<Tried | undefined>;

export function createTrials(options: TrialOptions, most = mostAtOnce): TryOut {
  let running = 0;
  return async (test, order, signal) => {
    if (running >= most) return undefined;
    running++;
    try {
      return await runTrial(test, order, options, signal);
    } finally {
      running--;
    }
  };
}
