// Which format an SBOM has, and what it lists.
import type { Limits } from '../../core/index.ts';
import { SbomFault } from './fault.ts';
import { readJson, toInventory } from './read.ts';
import { listCycloneDx } from './readcyclonedx.ts';
import { listSpdx } from './readspdx.ts';
import type { ReadSbom } from './subject.ts';

/** Throws JsonFault and SbomFault: `sbom-unknown-format`, `sbom-invalid`. */
export function parseSbom(bytes: Buffer, file: string, limits: Limits): ReadSbom {
  const document = readJson(bytes, file, limits);
  if (document['bomFormat'] === 'CycloneDX') return toInventory(listCycloneDx(document), file, limits);
  if (typeof document['spdxVersion'] === 'string' && /^SPDX-2\.\d+$/.test(document['spdxVersion']))
    return toInventory(listSpdx(document), file, limits);
  throw new SbomFault(
    'sbom-unknown-format',
    `expected CycloneDX or SPDX 2 as JSON in ${file}, got neither bomFormat nor spdxVersion`,
    {
      hint: 'write it with `seaworthy sbom`, or with another tool as CycloneDX JSON',
    },
  );
}
