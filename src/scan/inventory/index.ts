// Layers and root file systems in, packages and layer facts out. Never meets advisories.

export { assemble, isOsPackage, purlOf } from './assemble.ts';
export type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
export { analyserVersion, extractors } from './extractors.ts';
export { InventoryFault, type InventoryFaultCode } from './fault.ts';
export type {
  ElfFacts,
  Extraction,
  FoundPackage,
  IntroducedBy,
  Inventory,
  OsOwner,
  OsPackageType,
  OwnedFiles,
  Package,
  UnattributedExecutable,
} from './inventory.ts';
export { type LinkedFile, linkedFiles } from './linking.ts';
export { Links } from './links.ts';
export { canonicalPath, PathSet, parentsOf, pathHash } from './paths.ts';
export { unreadableLayer } from './readlayer.ts';
export { decodeResult, encodeResult, type LayerFacts, type LayerResult } from './result.ts';
export { inspectRoot } from './root.ts';
export { type LayerToRead, readLayers, type ThreadOptions } from './threads.ts';
