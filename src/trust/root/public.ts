// The trust root of Sigstore's public-good instance: what was fetched last, else what ships with Seaworthy.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../../core/index.ts';
import { isFault } from '../../core/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { keptTrustedRoot, type TufSource, updateTrustedRoot } from './tuf.ts';

/** The name by which policies mean it; also the one used where none is named. */
export const publicGood = 'public-good';
const mirror = 'https://tuf-repo-cdn.sigstore.dev';

/** The bundle lies one directory deep in a package, the source three deep in a checkout. */
function shipped(name: string): string {
  const up = import.meta.url.endsWith('.ts') ? '../../../' : '../';
  return readFileSync(new URL(`${up}data/sigstore/${name}`, import.meta.url), 'utf8');
}

export function publicSource(home: Home): TufSource {
  return { mirror, root: shipped('root.json'), dir: home.dir('trust', publicGood) };
}

/** What is kept belongs to this address and this first root: two policies may call different ones by the same name. */
export function tufSource(home: Home, name: string, address: string, root: string): TufSource {
  const own = createHash('sha256').update(`${address}\0${root}`).digest('hex').slice(0, 16);
  const folder = `${name.replace(/[^A-Za-z0-9._-]/g, '_')}-${own}`;
  return { mirror: address, root, dir: home.dir('trust', 'tuf', folder) };
}

export interface LoadedRoot {
  /** Text of a trusted_root.json. */
  json: string;
  /** Ms since 1970 of the last update; undefined: as shipped. */
  at?: number;
  /** Why it could not be brought up to date. */
  stale?: string;
}

function lastFailure(dir: string): number {
  const path = join(dir, 'failed');
  return existsSync(path) ? statSync(path).mtimeMs : Number.NEGATIVE_INFINITY;
}

function noteFailure(dir: string, now: number): void {
  const path = join(dir, 'failed');
  writeFileSync(path, '');
  utimesSync(path, new Date(now), new Date(now));
}

/**
 * The trusted root, brought up to date when it was fetched longer than a day ago; without a network the one at hand
 * serves. Undefined: never fetched, none shipped and none to be had.
 */
export async function loadTrustedRoot(
  source: TufSource,
  http: HttpClient | undefined,
  now: number,
): Promise<LoadedRoot | undefined> {
  const kept = keptTrustedRoot(source.dir);
  if (kept !== undefined && now - kept.at < 86_400_000) return { json: kept.text, at: kept.at };
  let stale: string | undefined;
  // without a network each question would wait for it: after a failure the next try is an hour away
  if (http !== undefined && now - lastFailure(source.dir) >= 3_600_000) {
    try {
      return { json: await updateTrustedRoot(source, http), at: now };
    } catch (error) {
      if (!isFault(error)) throw error;
      stale = error.message;
      noteFailure(source.dir, now);
    }
  }
  const old = stale === undefined ? {} : { stale };
  if (kept !== undefined) return { json: kept.text, at: kept.at, ...old };
  return source.mirror === mirror ? { json: shipped('trusted_root.json'), ...old } : undefined;
}
