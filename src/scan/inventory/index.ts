// Layers and root file systems in, packages and layer facts out. Never meets advisories.

export type { ExtractContext, Extractor, FileEntry, OpenFile } from './extractor.ts';
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
