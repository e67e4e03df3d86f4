// A feed's all.zip: one JSON record an entry, read in the order of its directory.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { defaultLimits, isFault, readZip, type ZipSource } from '../../core/index.ts';
import { AdvisoryFault } from './fault.ts';

/** Records of one feed, their bytes in all: osv.dev's largest has 1.3 million. */
const limits = { archiveEntries: 10_000_000, archiveInflatedBytes: 2 ** 37, pathBytes: 1000 };

/** Read and kept at once, in bytes and in number: an archive's entries are in no order that reading ahead could use. */
const chunkBytes = 1 << 18;
const keptChunks = 64;

/** The records of the ids that are wanted, as [id, text]. Throws AdvisoryFault `feed-unreadable`. */
export function* readArchive(
  path: string,
  wanted: ReadonlySet<string>,
): Generator<[id: string, text: string]> {
  const file = openSync(path, 'r');
  try {
    for (const entry of readZip(fileSource(file, wanted.size), limits)) {
      if (!entry.path.endsWith('.json')) continue;
      const id = entry.path.slice(entry.path.lastIndexOf('/') + 1, -'.json'.length);
      if (wanted.has(id)) yield [id, entry.inflate(4 * defaultLimits.documentBytes).toString('utf8')];
    }
  } catch (cause) {
    if (!isFault(cause)) throw cause;
    throw new AdvisoryFault('feed-unreadable', `all.zip: ${cause.message}`, { cause });
  } finally {
    closeSync(file);
  }
}

/**
 * What is near to what was read before comes from memory; of an archive too large to keep, and of one that little is
 * wanted of, only what is asked for is read.
 */
function fileSource(file: number, wanted: number): ZipSource {
  const { size } = fstatSync(file);
  const kept = wanted * (chunkBytes >> 4) < size ? 0 : keptChunks;
  const chunks = new Map<number, Buffer>();
  const readAt = (offset: number, length: number) => {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
  };
  return {
    size,
    read(offset, length) {
      const number = Math.floor(offset / chunkBytes);
      const start = offset - number * chunkBytes;
      if (start + length > chunkBytes) return readAt(offset, length);
      let chunk = chunks.get(number);
      if (chunk === undefined && chunks.size >= kept) return readAt(offset, length);
      if (chunk === undefined) {
        chunk = readAt(number * chunkBytes, chunkBytes);
        chunks.set(number, chunk);
      }
      return chunk.subarray(start, start + length);
    },
  };
}
