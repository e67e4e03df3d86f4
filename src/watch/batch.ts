// Many rows in few statements, and much work in short turns.
import { setImmediate as turn } from 'node:timers/promises';

/** Rows or values of one statement: far below what either database takes. */
const most = 500;

export function* inBatches<T>(all: readonly T[], size: number = most): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

/** Lets others have the thread when it was ours for 10 ms. */
export function turns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < 10) return;
    await turn();
    began = performance.now();
  };
}
