// SPDX 2.3 JSON (ISO/IEC 5962): an inventory as a bill of materials.
import { createHash } from 'node:crypto';
import { version } from '../../core/index.ts';
import type { Package } from '../inventory/index.ts';
import { type Json, PREFIX, uuidOf } from './cyclonedx.ts';
import { inventoryFacts, packageFacts } from './facts.ts';
import type { SbomSubject } from './subject.ts';

/** Lines of a note that carries facts: `seaworthy:name value`. */
export function noteOf(facts: readonly (readonly [string, string])[]): string {
  return facts.map(([name, value]) => `${PREFIX}${name} ${JSON.stringify(value)}`).join('\n');
}

/** `advisories` adds security references to a package; `notes` adds document annotations. */
export function spdx(
  subject: SbomSubject,
  now: Date,
  advisories: (item: Package) => readonly string[] = () => [],
  notes: readonly string[] = [],
): Json {
  const created = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const { inventory } = subject;
  const packages = inventory.packages.map((item, i) => spdxPackage(item, i, advisories(item)));
  const os = inventory.osRelease;
  if (os)
    packages.push({
      ...bare('SPDXRef-OperatingSystem', os.id, os.versionId),
      primaryPackagePurpose: 'OPERATING-SYSTEM',
      ...(os.prettyName ? { summary: os.prettyName } : {}),
    });
  const seed = createHash('sha256')
    .update(JSON.stringify([subject.reference, subject.digest ?? '', packages]))
    .digest('hex');
  const annotation = (comment: string) => ({
    annotationDate: created,
    annotationType: 'OTHER',
    annotator: `Tool: seaworthy-${version}`,
    comment,
  });
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: subject.reference,
    documentNamespace: `https://seaworthy.dev/spdx/${uuidOf(seed)}`,
    creationInfo: { created, creators: [`Tool: seaworthy-${version}`] },
    annotations: [annotation(noteOf(inventoryFacts(inventory))), ...notes.map(annotation)],
    packages: [
      { ...bare('SPDXRef-Subject', subject.reference, subject.digest), primaryPackagePurpose: 'CONTAINER' },
      ...packages,
    ],
    relationships: [
      {
        spdxElementId: 'SPDXRef-DOCUMENT',
        relatedSpdxElement: 'SPDXRef-Subject',
        relationshipType: 'DESCRIBES',
      },
      ...packages.map((item) => ({
        spdxElementId: 'SPDXRef-Subject',
        relatedSpdxElement: item['SPDXID'],
        relationshipType: 'CONTAINS',
      })),
    ],
  };
}

function spdxPackage(item: Package, index: number, advisories: readonly string[]): Json {
  const purl = { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: item.purl };
  return {
    ...bare(
      `SPDXRef-Package-${index}`,
      item.namespace ? `${item.namespace}/${item.name}` : item.name,
      item.version,
    ),
    sourceInfo: `found in ${item.location}`,
    comment: noteOf(Object.entries(packageFacts(item))),
    externalRefs: [
      purl,
      ...advisories.map((url) => ({
        referenceCategory: 'SECURITY',
        referenceType: 'advisory',
        referenceLocator: url,
      })),
    ],
  };
}

function bare(id: string, name: string, versionInfo: string | undefined): Json {
  return {
    SPDXID: id,
    name,
    ...(versionInfo ? { versionInfo } : {}),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
  };
}
