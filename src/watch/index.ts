// Still good today? Images with what is in them, tags and where they moved, what clusters run.
export { type WatchTables, watchBook } from './book.ts';
export { type Judging, keepItems } from './keep.ts';
export { type Look, lookAtTag, type Moved, watchTags } from './moved.ts';
export { type NewsOfBatch, type TagNews, takeNews } from './news.ts';
export { type Observed, type Observing, observeImage, readInventory } from './observe.ts';
export { keepOlderImages, type Rejudged, rejudgeBatch } from './rejudge.ts';
export { noteAdvisories } from './state.ts';
