// The trust roots that authorities name, loaded: Sigstore's own, or files and TUF repositories of a policy.
import { readFileSync } from 'node:fs';
import { type Home, messageOf } from '../core/index.ts';
import type { HttpClient } from '../net/index.ts';
import type { Authority } from './evidence/index.ts';
import type { RootSource } from './policy/index.ts';
import { loadTrustedRoot, publicGood, publicSource, RootFault, tufSource } from './root/index.ts';

export interface RootsOptions {
  home: Home;
  http: HttpClient;
  /** Ms since 1970. */
  now: number;
  /** A trusted_root.json under the name `file`. */
  file?: string;
  /** Trust roots of a policy. */
  sources?: readonly RootSource[];
}

export interface LoadedRoots {
  /** Texts of trusted_root.json by name. */
  roots: Record<string, string>;
  /** One sentence for each root that could not be brought up to date. */
  stale: string[];
}

/** Only what an authority needs is loaded: a key alone needs no root and no network. Throws RootFault. */
export async function rootsFor(
  authorities: readonly Authority[],
  options: RootsOptions,
): Promise<LoadedRoots> {
  const loaded: LoadedRoots = { roots: {}, stale: [] };
  const names = new Set(
    authorities.flatMap((authority) => (needsRoot(authority) ? [authority.root ?? publicGood] : [])),
  );
  if (options.file !== undefined) loaded.roots['file'] = readRoot(options.file);
  for (const name of names) if (loaded.roots[name] === undefined) await load(name, options, loaded);
  return loaded;
}

function needsRoot(authority: Authority): authority is Exclude<Authority, { kind: 'notation' }> {
  if (authority.kind === 'notation') return false;
  return (
    authority.kind === 'keyless' ||
    authority.proofs.log === true ||
    authority.proofs.timestamp === true ||
    authority.keys.some(({ notBefore, notAfter }) => notBefore ?? notAfter)
  );
}

async function load(name: string, options: RootsOptions, loaded: LoadedRoots): Promise<void> {
  const { home, http, now, sources = [] } = options;
  const source = sources.find((known) => known.name === name);
  if (source?.kind === 'file') {
    loaded.roots[name] = source.json;
    return;
  }
  if (source === undefined && name !== publicGood) return;
  const from = source === undefined ? publicSource(home) : tufSource(home, name, source.mirror, source.root);
  const root = await loadTrustedRoot(from, http, now);
  if (root === undefined) return;
  loaded.roots[name] = root.json;
  if (root.stale !== undefined) loaded.stale.push(root.stale);
}

function readRoot(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RootFault(
      'trusted-root-missing',
      `expected a trusted root in ${path}, got ${messageOf(cause)}`,
      { cause },
    );
  }
}
