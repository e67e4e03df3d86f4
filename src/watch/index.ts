// Still good today? Images with what is in them, tags and where they moved, what clusters run.
export { type WatchTables, watchBook } from './book.ts';
export { type Look, lookAtTag, type Moved, watchTags } from './moved.ts';
export {
  type Judged,
  judgeImages,
  type Observed,
  type Observing,
  observeImage,
  readInventory,
} from './observe.ts';
