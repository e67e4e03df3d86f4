// Azure Linux distroless images have no rpm database, only this list of what was installed: ten columns of
// `rpm -qa`, parted by tabs.

import type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
import { InventoryFault } from './fault.ts';
import type { Extraction, FoundPackage } from './inventory.ts';
import { readLines } from './lines.ts';
import { Problems } from './problems.ts';
import { evr, sourceOf } from './rpmheader.ts';
import { isToken, plainText } from './token.ts';

export const rpmManifest: Extractor = { name: 'rpm-manifest', version: 1, wants, extract };

function wants(file: FileEntry): boolean {
  return file.name === 'container-manifest-2' && file.path === 'var/lib/rpmmanifest/container-manifest-2';
}

function extract(file: OpenFile, context: ExtractContext): Extraction {
  const problems = new Problems(file.path);
  const packages: FoundPackage[] = [];
  readLines(file, context.limits.packageFileBytes, (line) => {
    if (line === '') return;
    const found = packageOf(line.split('\t'));
    if (found === undefined) problems.add('expected ten columns that name a package, got another line');
    else if (found.name !== 'gpg-pubkey') problems.keep(packages, found, context.limits.packages);
  });
  if (packages.length === 0 && problems.count > 0)
    throw new InventoryFault('inventory-invalid', 'expected a list of packages, got text of another form');
  return { packages, undecided: problems.list() };
}

/** name, version-release, install time, build time, vendor, epoch, size, arch, epoch as a number, source rpm. */
function packageOf(columns: string[]): FoundPackage | undefined {
  if (columns.length !== 10) return undefined;
  const [name, versionRelease, , , vendor, , , arch, epochText, sourceRpm] = columns;
  const dash = versionRelease!.lastIndexOf('-');
  const epoch = epochText === '(none)' ? 0 : Number(epochText);
  if (!isToken(name) || !isToken(versionRelease) || dash <= 0 || !Number.isSafeInteger(epoch))
    return undefined;
  const found: FoundPackage = {
    type: 'rpm',
    name,
    version: evr(epoch, versionRelease.slice(0, dash), versionRelease.slice(dash + 1)),
  };
  if (isToken(arch) && arch !== '(none)') found.arch = arch;
  const source = sourceOf(sourceRpm, epoch);
  if (source) found.source = source;
  if (vendor && vendor !== '(none)') found.vendor = plainText(vendor);
  return found;
}
