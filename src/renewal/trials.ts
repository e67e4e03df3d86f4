// Smoke tests of a server: a few at a time, so that those that take minutes leave room for everything else.
import type { TryOut } from './smoketest.ts';
import { runTrial, type TrialOptions } from './trial.ts';

const mostAtOnce = 4;

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
