// Results by key: small byte strings that can be made again, in memory or on disk.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Keys are `KIND/VERSION/HEX` with no other characters than letters, digits, `-` and `.` in a part. */
export interface ResultStore {
  get(key: string): Buffer | undefined;
  put(key: string, bytes: Uint8Array): void;
}

const keyShape = /^[A-Za-z0-9-]+(?:\/[A-Za-z0-9][A-Za-z0-9.-]*)+$/;

export function memoryResults(): ResultStore {
  const kept = new Map<string, Buffer>();
  return {
    get: (key) => kept.get(checked(key)),
    put: (key, bytes) => void kept.set(checked(key), Buffer.from(bytes)),
  };
}

/**
 * One file a result below `dir`. Parallel processes share it without a lock: a result is written beside its
 * place and renamed into it whole, and two that write the same key write the same bytes.
 */
export function diskResults(dir: string): ResultStore {
  return {
    get(key) {
      try {
        return readFileSync(join(dir, checked(key)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    put(key, bytes) {
      const path = join(dir, checked(key));
      const beside = `${path}.${process.pid}-${Math.random().toString(36).slice(2, 10)}.tmp`;
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      try {
        writeFileSync(beside, bytes, { mode: 0o600 });
        renameSync(beside, path);
      } finally {
        rmSync(beside, { force: true });
      }
    },
  };
}

function checked(key: string): string {
  if (!keyShape.test(key) || key.includes('..')) throw new Error(`not a result key: ${key}`);
  return key;
}
