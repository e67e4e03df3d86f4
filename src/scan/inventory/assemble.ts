// From squashed layers to the inventory of an image: purls, owners, who introduced what.
import { type Undecided, undecided } from '../../core/index.ts';
import { type Distribution, distributionOf, formatPurl, type OsRelease } from '../package/index.ts';
import { chooseDatabases } from './databases.ts';
import type { FoundPackage, IntroducedBy, Inventory, OsPackageType, Package } from './inventory.ts';
import { knownAs } from './known.ts';
import { Owners } from './owners.ts';
import type { LayerResult } from './result.ts';
import { type Squashed, type SquashedFile, squash } from './squash.ts';

export interface AssembleOptions {
  /** How many of the lowest layers are the base's; undefined when no base is proven. */
  baseLayers?: number;
  /** Whether packages say their layer: a root file system has none. */
  layered: boolean;
}

/** The inventory of an image of these layers, lowest first. */
export function assemble(layers: readonly LayerResult[], options: AssembleOptions): Inventory {
  const squashed = squash(layers);
  const distribution = squashed.osRelease ? distributionOf(squashed.osRelease) : undefined;
  const files = chooseDatabases(squashed.files);
  const diffIds = layers.map((layer) => layer.diffId);
  const introducedBy = (layer: number): IntroducedBy =>
    options.baseLayers === undefined ? 'unknown' : layer < options.baseLayers ? 'base' : 'app';
  const owners = new Owners(files);
  const packages: Package[] = [];
  const seen = new Set<string>();
  for (const file of files) {
    file.result.packages.forEach((found, i) => {
      const layer = file.since[i]!;
      const key = isOsPackage(found.type)
        ? `${found.type} ${found.name} ${found.version} ${found.arch ?? ''}`
        : undefined;
      if (key !== undefined && seen.has(key)) return;
      if (key !== undefined) seen.add(key);
      const owner = isOsPackage(found.type) ? undefined : owners.of(file.path);
      packages.push({
        ...found,
        purl: purlOf(found, distribution, squashed.osRelease),
        location: locationOf(file, found),
        ...(options.layered ? { layer: diffIds[layer]! } : {}),
        introducedBy: introducedBy(layer),
        ...(owner ? { ownedBy: owner } : {}),
      });
    });
  }
  const unowned = unownedExecutables(squashed, files, owners);
  return {
    ...(squashed.osRelease ? { osRelease: squashed.osRelease } : {}),
    packages,
    unattributed: unowned.flatMap(({ path, layer }) => {
      const name = knownAs(path);
      return name === undefined
        ? []
        : [{ path, name, ...(options.layered ? { layer: diffIds[layer]! } : {}) }];
    }),
    unownedExecutables: unowned.length,
    undecided: [...squashed.undecided, ...withoutRelease(packages, squashed.osRelease)],
  };
}

export function isOsPackage(type: string): type is OsPackageType {
  return type === 'deb' || type === 'apk' || type === 'rpm';
}

/** Purl with the qualifiers that purl-spec's type definitions name, and `upstream` as syft writes it. */
export function purlOf(
  found: FoundPackage,
  distribution: Distribution | undefined,
  os: OsRelease | undefined,
): string {
  if (!isOsPackage(found.type)) {
    const slash = found.type === 'golang' ? found.name.lastIndexOf('/') : -1;
    const namespace = slash > 0 ? found.name.slice(0, slash) : found.namespace;
    return formatPurl({
      type: found.type,
      ...(namespace ? { namespace } : {}),
      name: slash > 0 ? found.name.slice(slash + 1) : found.name,
      version: found.version,
      qualifiers: {},
    });
  }
  const epoch = found.type === 'rpm' ? /^(\d+):/.exec(found.version)?.[1] : undefined;
  const sameSource =
    found.source === undefined ||
    (found.source.name === found.name && found.source.version === found.version);
  return formatPurl({
    type: found.type,
    namespace: distribution?.namespace ?? os?.id.toLowerCase() ?? '',
    name: found.name,
    version: epoch === undefined ? found.version : found.version.slice(epoch.length + 1),
    qualifiers: {
      ...(found.arch ? { arch: found.arch } : {}),
      ...(os ? { distro: [os.id, os.versionId].filter(Boolean).join('-') } : {}),
      ...(epoch === undefined ? {} : { epoch }),
      ...(sameSource ? {} : { upstream: `${found.source!.name}@${found.source!.version}` }),
      ...(found.modularity ? { rpmmod: found.modularity } : {}),
    },
  });
}

function locationOf(file: SquashedFile, found: FoundPackage): string {
  return found.inside ? `${file.path}!/${found.inside}` : file.path;
}

/** Executables without an owner and without packages of their own (a Go binary explains itself). */
function unownedExecutables(squashed: Squashed, files: readonly SquashedFile[], owners: Owners) {
  const explained = new Set(files.filter((file) => file.result.packages.length > 0).map((file) => file.path));
  return squashed.executables.filter(({ path }) => !explained.has(path) && !owners.owns(path));
}

function withoutRelease(packages: readonly Package[], os: OsRelease | undefined): Undecided[] {
  const found = packages.find((item) => isOsPackage(item.type));
  if (os !== undefined || found === undefined) return [];
  return [
    undecided(
      'distribution-unknown',
      `${found.location} lists packages, but no os-release says whose they are`,
      {
        subject: found.location,
        hint: 'keep etc/os-release in the image',
      },
    ),
  ];
}
