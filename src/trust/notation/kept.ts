// CRLs that are kept until they end, so that a list is fetched once for a fleet.
import type { ResultStore } from '../../store/index.ts';
import { crlNextUpdate } from './crl.ts';

/** A cache that fails is no cache: it must never keep anyone from verifying (CVE-2024-51491). */
export function fromCache(cache: ResultStore | undefined, key: string, now: number): Buffer | undefined {
  try {
    const bytes = cache?.get(key);
    return bytes !== undefined && isCurrent(bytes, now) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

export function toCache(cache: ResultStore | undefined, key: string, bytes: Uint8Array): void {
  try {
    cache?.put(key, bytes);
  } catch {
    // as above
  }
}

export function isCurrent(bytes: Uint8Array, now: number): boolean {
  try {
    return crlNextUpdate(bytes) >= now;
  } catch {
    return false;
  }
}
