// Images and root file systems on this machine.
export { type OpenArchive, openArchive } from './archive.ts';
export { directoryLayout, findBlob, type Layout } from './blobs.ts';
export { kindOf, type Place, readPlace } from './bytes.ts';
export { type Engine, type Exported, engineSockets, engineWith, exportImage } from './engine.ts';
export { LocalFault, type LocalFaultCode } from './fault.ts';
export { chooseEntry, isLayout, readIndex, readManifest } from './layout.ts';
export {
  chooseSaved,
  isSaved,
  type OpenSaved,
  openSaved,
  readSavedImages,
  type SavedImage,
} from './saved.ts';
export { type RootEntry, type WalkOptions, walkRoot } from './walk.ts';
