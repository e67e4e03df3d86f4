// What a step of one image is.
import type { RenewalTables } from './book.ts';
import type { RenewalParts } from './parts.ts';
import type { ImageState } from './state.ts';

export type ImageRow = RenewalTables['renewal_images'];

/** What a step came to. */
export type Move =
  | { to: ImageState; set?: Partial<ImageRow>; text?: string }
  /** Nothing to do now; ask again in so many ms (never: somebody else wakes it). */
  | { again: number | 'never'; set?: Partial<ImageRow>; text?: string };

/** Does what can be done twice: a crash after it and before the record does it again. */
export type Step = (image: ImageRow, parts: RenewalParts, signal: AbortSignal) => Promise<Move>;
