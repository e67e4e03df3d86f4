// What a TARGET names: its prefix says, and a bare one is looked at.
import { parseReference } from '../image/index.ts';
import { TransportFault } from './fault.ts';
import { directoryLayout, isLayout, kindOf, LocalFault } from './local/index.ts';

export type TargetKind =
  | 'registry'
  | 'docker'
  | 'oci'
  | 'oci-archive'
  | 'docker-archive'
  | 'dir'
  | 'sbom'
  | 'file'
  | 'name';

export interface NamedTarget {
  /** `name`: an engine, then the registry. `file`: an archive or SBOM, told apart by what is in it. */
  kind: TargetKind;
  rest: string;
}

const prefixes: ReadonlySet<string> = new Set([
  'registry',
  'docker',
  'oci',
  'oci-archive',
  'docker-archive',
  'dir',
  'sbom',
]);

/** Throws TransportFault `target-invalid`, `target-not-found`. */
export async function recogniseTarget(target: string): Promise<NamedTarget> {
  if (target === '' || target.includes('\0')) throw invalid(target);
  const colon = target.indexOf(':');
  const prefix = target.slice(0, Math.max(colon, 0));
  if (prefixes.has(prefix)) {
    const rest = target.slice(colon + 1);
    if (rest === '') throw invalid(target);
    return { kind: prefix as TargetKind, rest };
  }
  const found = await kindOf(target);
  const isPath = /^(?:\.{0,2}\/|\.{1,2}$|~)/.test(target) || target.startsWith('\\');
  if (found === 'file') return { kind: 'file', rest: target };
  if (found === 'directory' && (isPath || (await isLayout(directoryLayout(target)))))
    return { kind: (await isLayout(directoryLayout(target))) ? 'oci' : 'dir', rest: target };
  if (isPath)
    throw new LocalFault('target-not-found', `expected a file or directory at ${target}, got nothing there`);
  parseReference(target);
  return { kind: 'name', rest: target };
}

function invalid(target: string): TransportFault {
  return new TransportFault(
    'target-invalid',
    `expected an image, archive, directory or SBOM, got ${JSON.stringify(target.slice(0, 80))}`,
    {
      hint: 'For example alpine:3.20, registry:ghcr.io/team/app:1, oci:./layout, docker-archive:./app.tar, dir:/ or sbom:./app.cdx.json.',
    },
  );
}
