// One layer, read once: its bytes hashed and walked, its files given to the extractors.
import { createReadStream } from 'node:fs';
import { isFault, type Limits, undecided } from '../../core/index.ts';
import { ImageFault, readLayer } from '../../image/index.ts';
import { Analysis, PackagesLimit } from './analysis.ts';
import { extractors } from './extractors.ts';
import { Spool } from './openfile.ts';
import type { LayerResult } from './result.ts';

export interface ReadOptions {
  limits: Limits;
  /** Directory for files too large for memory; called once one is needed. */
  spoolDir: () => string;
  onBytes?: (count: number) => void;
}

/**
 * Throws ImageFault: `digest-mismatch` when the bytes are not `digest`'s, `layer-corrupt` and its kin when
 * they are but cannot be read.
 */
export async function readLayerResult(
  digest: string,
  source: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): Promise<LayerResult> {
  const analysis = new Analysis(extractors, options.limits, new Spool(options.spoolDir));
  try {
    const read = await readLayer(source, analysis, options.limits, options.onBytes, digest);
    return analysis.result(read);
  } catch (error) {
    analysis.abandon();
    if (error instanceof PackagesLimit) throw new ImageFault('layer-limit', error.message, { cause: error });
    throw error;
  }
}

/** A range of a local file, in pieces of one mebibyte. */
export function fileRange(path: string, offset: number, length: number): AsyncIterable<Uint8Array> {
  return length === 0
    ? empty()
    : createReadStream(path, { start: offset, end: offset + length - 1, highWaterMark: 1 << 20 });
}

async function* empty(): AsyncGenerator<Uint8Array> {}

/** What a layer that cannot be read leaves in the report; undefined for faults that end the scan. */
export function unreadableLayer(digest: string, error: unknown) {
  if (!isFault(error) || error.code === 'digest-mismatch') return undefined;
  const limited = error.code === 'layer-limit' || error.code === 'tar-limit';
  return undecided(
    limited ? 'limit-reached' : 'target-partly-unreadable',
    `layer ${digest} was not read to its end: ${error.message}`,
    { subject: digest, hint: limited ? 'docs/limits.md lists every limit' : 'build or pull the image again' },
  );
}
