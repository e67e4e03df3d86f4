// A file of a layer, made of bytes, for tests of extractors.
import { Fault } from '../core/index.ts';
import type { OpenFile } from '../scan/inventory/index.ts';

class OpenFileFault extends Fault<'limit-reached'> {}

/** An OpenFile over bytes or text. */
export function openBuffer(path: string, content: Uint8Array | string, mode = 0o644): OpenFile {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content)
      : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return {
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    size: bytes.length,
    mode,
    head: bytes.subarray(0, 16),
    read: (offset, length) => bytes.subarray(Math.max(0, offset), Math.max(0, offset + length)),
    whole(limit) {
      if (bytes.length > limit)
        throw new OpenFileFault('limit-reached', `expected at most ${limit} bytes, got ${bytes.length}`);
      return bytes;
    },
  };
}
