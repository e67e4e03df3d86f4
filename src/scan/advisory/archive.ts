// A feed's all.zip: one JSON record an entry, read in the order of its directory.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { defaultLimits, isFault, readZip, type ZipSource } from '../../core/index.ts';
import { AdvisoryFault } from './fault.ts';

const limits = {
  archiveEntries: defaultLimits.feedRecords,
  archiveInflatedBytes: defaultLimits.feedInflatedBytes,
  pathBytes: defaultLimits.pathBytes,
};

/** Read at once: an entry's header and, of most records, all its data. They are in no order to read ahead in. */
const windowBytes = 1 << 12;

/** The records of the ids that are wanted, as [id, text]. Throws AdvisoryFault `feed-unreadable`. */
export function* readArchive(
  path: string,
  wanted: ReadonlySet<string>,
): Generator<[id: string, text: string]> {
  const file = openSync(path, 'r');
  try {
    for (const entry of readZip(fileSource(file), limits)) {
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

function fileSource(file: number): ZipSource {
  const { size } = fstatSync(file);
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  return {
    size,
    read(offset, length) {
      if (offset < windowAt || offset + length > windowAt + window.length) {
        const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(Math.max(length, windowBytes), size - offset)));
        window = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, offset));
        windowAt = offset;
      }
      return window.subarray(offset - windowAt, offset - windowAt + length);
    },
  };
}
