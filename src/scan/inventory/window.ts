// A source that answers from the bytes it read last: the parts of a zip's directory are asked for many times over.
import type { ZipSource } from '../../core/index.ts';

/** The same bytes as `source`, of which the last piece read is kept. */
export function windowed(source: ZipSource): ZipSource {
  let at = 0;
  let bytes: Buffer = Buffer.alloc(0);
  return {
    size: source.size,
    read(offset, length) {
      if (offset < at || offset + length > at + bytes.length) {
        at = offset;
        bytes = source.read(offset, length);
      }
      return bytes.subarray(offset - at, offset - at + length);
    },
  };
}
