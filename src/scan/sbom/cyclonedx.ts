// CycloneDX 1.6 JSON (ECMA-424): an inventory as a bill of materials.
import { createHash } from 'node:crypto';
import { version } from '../../core/index.ts';
import type { Package } from '../inventory/index.ts';
import { inventoryFacts, packageFacts } from './facts.ts';
import type { SbomSubject } from './subject.ts';

export const PREFIX = 'seaworthy:';

export type Json = Record<string, unknown>;

/** `more` adds members, as vulnerabilities. The serial number follows from the content. */
export function cycloneDx(subject: SbomSubject, now: Date, more: Json = {}): Json {
  const { inventory } = subject;
  const os = inventory.osRelease;
  const components = inventory.packages.map((item, i) => component(item, i));
  if (os)
    components.unshift({
      type: 'operating-system',
      'bom-ref': 'os',
      name: os.id,
      ...(os.versionId ? { version: os.versionId } : {}),
      ...(os.prettyName ? { description: os.prettyName } : {}),
    });
  const seed = createHash('sha256')
    .update(JSON.stringify([subject.reference, subject.digest ?? '', components]))
    .digest('hex');
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(seed)}`,
    version: 1,
    metadata: {
      timestamp: now.toISOString(),
      tools: { components: [{ type: 'application', name: 'seaworthy', version }] },
      component: {
        type: 'container',
        'bom-ref': 'subject',
        name: subject.reference,
        ...(subject.digest ? { version: subject.digest } : {}),
      },
      properties: inventoryFacts(inventory).map(([name, value]) => ({ name: `${PREFIX}${name}`, value })),
    },
    components,
    ...more,
  };
}

/** A reference within the document: one purl may occur in several places. */
export function refOf(item: Package, index: number): string {
  return `${item.purl}#${index}`;
}

function component(item: Package, index: number): Json {
  const scope = item.namespace ? { group: item.namespace } : {};
  return {
    type: 'library',
    'bom-ref': refOf(item, index),
    ...scope,
    name: item.name,
    version: item.version,
    purl: item.purl,
    properties: Object.entries(packageFacts(item)).map(([name, value]) => ({
      name: `${PREFIX}${name}`,
      value,
    })),
  };
}

/** An RFC 9562 version 8 UUID made of a hash. */
export function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
