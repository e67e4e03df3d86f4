// The jobs of a renewal, and how an image is woken.
import { enqueue, type Write } from '../ledger/index.ts';

export const imageJob = 'renewal.image';
export const cancelJob = 'renewal.cancel';

/** A step is tried for as long as the world is away; only what cannot be done ends it. */
const manyAttempts = 1_000_000;

export function wakeImage<T>(write: Write<T>, image: string): Promise<void> {
  return enqueue(write, { kind: imageJob, key: image, payload: { image }, attempts: manyAttempts });
}
