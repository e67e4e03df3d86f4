// The history of a rebased image, with exactly one entry that is not empty for each layer (image-spec config.md).
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../image/index.ts';

interface Documented {
  document: JsonObject;
  layers: number;
}

/** Undefined when neither image has any history. */
export function rebasedHistory(
  app: Documented,
  oldBase: Documented,
  newBase: Documented,
): unknown[] | undefined {
  const own = entriesOf(app);
  const next = entriesOf(newBase);
  if (own.length === 0 && next.length === 0) return undefined;
  const below = fits(newBase, next) ? next : placeholders(newBase.layers);
  const upper = app.layers - oldBase.layers;
  const above = fits(app, own)
    ? own.slice(cut(own, entriesOf(oldBase), oldBase.layers))
    : placeholders(upper);
  return [...below, ...above];
}

function entriesOf({ document }: Documented): readonly unknown[] {
  const { history } = document;
  return Array.isArray(history) ? history : [];
}

function isFilled(entry: unknown): boolean {
  return (entry as { empty_layer?: unknown } | null)?.empty_layer !== true;
}

function fits({ layers }: Documented, history: readonly unknown[]): boolean {
  return history.filter(isFilled).length === layers;
}

/** Says that a layer is there and nothing else, where its own history cannot be told from others'. */
function placeholders(count: number): unknown[] {
  return Array.from({ length: count }, () => ({ comment: 'layer without a history' }));
}

/** Where the image's own entries begin: behind those it shares with its base, else behind the base's last layer. */
function cut(own: readonly unknown[], base: readonly unknown[], layers: number): number {
  let shared = 0;
  while (shared < base.length && isDeepStrictEqual(own[shared], base[shared])) shared++;
  if (shared === base.length && base.filter(isFilled).length === layers) return shared;
  let filled = 0;
  for (let at = 0; at < own.length; at++) {
    if (filled === layers) return at;
    if (isFilled(own[at])) filled++;
  }
  return own.length;
}
