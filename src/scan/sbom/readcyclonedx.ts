// CycloneDX JSON in, of any producer; nested components lie flat.
import type { OsRelease } from '../package/index.ts';
import { SbomFault } from './fault.ts';
import type { Told } from './frompurl.ts';
import { asFacts, type Fields, fieldsOf, type Listed, listOf, ownFacts, textOf } from './read.ts';

const DEPTH = 20;

/** Components that are packages even without a purl; files, data and the like are evidence at most. */
const packageTypes = new Set(['library', 'framework', 'application']);

export function listCycloneDx(document: Fields): Listed {
  const metadata = fieldsOf(document['metadata'] ?? {}, 'metadata');
  const subject = fieldsOf(metadata['component'] ?? {}, 'metadata.component');
  const digest = textOf(subject['version']);
  const listed: Listed = {
    reference: textOf(subject['name']) ?? 'sbom',
    ...(digest?.startsWith('sha256:') ? { digest } : {}),
    facts: ownFacts(propertiesOf(metadata)),
    components: [],
  };
  walk(document['components'], listed, 0);
  return listed;
}

function walk(value: unknown, into: Listed, depth: number): void {
  const entries = listOf(value, 'components');
  if (depth > DEPTH && entries.length > 0)
    throw new SbomFault(
      'sbom-invalid',
      `expected components at most ${DEPTH} levels within each other, got more`,
    );
  for (const entry of entries) {
    const component = fieldsOf(entry, 'a component');
    const type = textOf(component['type']) ?? 'library';
    const properties = propertiesOf(component);
    if (type === 'operating-system') {
      const os = osOf(component, properties);
      if (os && !into.os) into.os = os;
    } else if (
      textOf(component['purl']) !== undefined ||
      (packageTypes.has(type) && !isList(type, properties))
    )
      into.components.push({
        name: textOf(component['name']) ?? 'a component without a name',
        purl: textOf(component['purl']),
        facts: asFacts(ownFacts(properties)),
        told: toldBy(properties),
      });
    walk(component['components'], into, depth + 1);
  }
}

/** trivy lists a lockfile or a program as an application that holds packages and is none itself. */
function isList(type: string, properties: readonly [string, string][]): boolean {
  return (
    type === 'application' &&
    properties.some(([name]) => name === 'aquasecurity:trivy:Class' || name === 'aquasecurity:trivy:Type')
  );
}

function osOf(component: Fields, properties: readonly [string, string][]): OsRelease | undefined {
  const said = asFacts(properties);
  const id = said['syft:distro:id'] ?? textOf(component['name']);
  if (id === undefined) return undefined;
  const versionId = said['syft:distro:versionID'] ?? textOf(component['version']);
  const prettyName = said['syft:distro:prettyName'] ?? textOf(component['description']);
  const versionCodename = said['syft:distro:versionCodename'];
  return {
    id,
    idLike: [],
    ...(versionId ? { versionId } : {}),
    ...(prettyName ? { prettyName } : {}),
    ...(versionCodename ? { versionCodename } : {}),
  };
}

/** What syft and trivy say in properties. */
function toldBy(properties: readonly [string, string][]): Told {
  const said = asFacts(properties);
  const location = said['syft:location:0:path'] ?? said['aquasecurity:trivy:FilePath'];
  const layer = said['syft:location:0:layerID'] ?? said['aquasecurity:trivy:LayerDiffID'];
  const source =
    said['syft:metadata:source'] ?? said['syft:metadata:originPackage'] ?? said['aquasecurity:trivy:SrcName'];
  const sourceVersion = said['syft:metadata:sourceVersion'] ?? trivySource(said);
  const modularity = said['syft:metadata:modularityLabel'] ?? said['aquasecurity:trivy:Modularitylabel'];
  const vendor = said['syft:metadata:vendor'];
  return {
    ...(location ? { location: location.replace(/^\//, '') } : {}),
    ...(layer ? { layer } : {}),
    ...(source ? { source: { name: source, ...(sourceVersion ? { version: sourceVersion } : {}) } } : {}),
    ...(modularity ? { modularity } : {}),
    ...(vendor ? { vendor } : {}),
  };
}

function trivySource(said: Record<string, string>): string | undefined {
  const version = said['aquasecurity:trivy:SrcVersion'];
  if (version === undefined) return undefined;
  const epoch = said['aquasecurity:trivy:SrcEpoch'];
  const release = said['aquasecurity:trivy:SrcRelease'];
  return `${epoch && epoch !== '0' ? `${epoch}:` : ''}${version}${release ? `-${release}` : ''}`;
}

function propertiesOf(of: Fields): [string, string][] {
  return listOf(of['properties'], 'properties').flatMap((entry): [string, string][] => {
    const { name, value } = fieldsOf(entry, 'a property');
    return typeof name === 'string' && typeof value === 'string' ? [[name, value]] : [];
  });
}
