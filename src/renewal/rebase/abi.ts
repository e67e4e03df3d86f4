// Proofs that the C library and the language runtimes stay what the programs above were made for: what is linked against
// glibc runs neither on musl nor on an older glibc, and modules for Python 3.11 not on 3.12.
import type { LayerResult } from '../../scan/inventory/index.ts';
import { compareVersions, orderOf } from '../../scan/version/index.ts';
import { libcOrders } from './libc.ts';
import { type Proof, proof } from './proof.ts';
import { UNTOLD } from './runtime.ts';
import type { BaseView } from './view.ts';

export function proveLibc(old: BaseView, next: BaseView): Proof {
  const before = old.libc;
  const after = next.libc;
  if (before === undefined)
    return proof('libc', 'yes', 'the old base has no C library that anything could be linked against');
  if (after === undefined) return proof('libc', 'no', `the old base has ${before.family}, the new one none`);
  if (before.family !== after.family)
    return proof('libc', 'no', `the old base has ${before.family}, the new one ${after.family}`);
  const order = before.type === after.type ? orderOf(libcOrders[before.type ?? ''] ?? '') : undefined;
  const compared =
    order === undefined || before.version === undefined || after.version === undefined
      ? undefined
      : compareVersions(order, before.version, after.version);
  const versions = `${before.family} ${before.version ?? 'of a version that no package says'} → ${after.version ?? 'one that no package says'}`;
  if (compared === undefined) return proof('libc', 'unknown', `${versions} cannot be ordered`);
  if (compared > 0) return proof('libc', 'no', `${versions} is older`);
  return proof('libc', 'yes', compared === 0 ? `${before.family} ${before.version} stays` : versions);
}

/** The runtime that packages of a purl type run on. */
const runtimeOf: Readonly<Record<string, string>> = {
  pypi: 'python',
  npm: 'node',
  maven: 'java',
  nuget: 'dotnet',
  gem: 'ruby',
  composer: 'php',
};

/** Every series that the old base has is still there. */
export function proveRuntime(old: BaseView, next: BaseView, upper: readonly LayerResult[]): Proof {
  const used = new Set(
    upper.flatMap(({ files }) =>
      files.flatMap(({ packages: found }) => found.flatMap(({ type }) => runtimeOf[type] ?? [])),
    ),
  );
  const kept: string[] = [];
  for (const [runtime, series] of old.runtimes) {
    const now = next.runtimes.get(runtime);
    const said = [...series].join(', ');
    if (now === undefined) return proof('runtime', 'no', `${runtime} ${said} is gone from the new base`);
    if (series.has(UNTOLD) || now.has(UNTOLD))
      return proof('runtime', 'unknown', `nothing says which ${runtime} the bases have`);
    const missing = [...series].filter((one) => !now.has(one));
    if (missing.length > 0)
      return proof('runtime', 'no', `${runtime} ${missing.join(', ')} became ${[...now].join(', ')}`);
    kept.push(`${runtime} ${said}`);
  }
  if (kept.length > 0) return proof('runtime', 'yes', `${kept.join(', ')} on both bases`);
  return proof(
    'runtime',
    'yes',
    used.size === 0
      ? 'neither the base nor the image has a language runtime'
      : `the base has no runtime of its own for ${[...used].join(', ')}`,
  );
}
