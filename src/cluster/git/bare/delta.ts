// A delta of a pack: parts of another object and new bytes, one after the other (gitformat-pack, deltified representation).
import { damaged, objectBytes } from './object.ts';

/** Throws GitFault for a delta that reads outside of its base or gives another size than it says. */
export function applyDelta(id: string, base: Buffer, delta: Buffer): Buffer {
  let at = 0;
  const next = (): number => {
    const byte = delta[at++];
    if (byte === undefined) throw damaged(id, 'a delta that ends too soon');
    return byte;
  };
  const size = (): number => {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = next();
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw damaged(id, 'a size without end');
  };
  if (size() !== base.length) throw damaged(id, 'a delta of another object');
  const total = size();
  if (total > objectBytes) throw damaged(id, `more than ${objectBytes} bytes`);
  const out = Buffer.alloc(total);
  let filled = 0;
  while (at < delta.length) {
    const op = next();
    if (op & 0x80) {
      let offset = 0;
      let length = 0;
      for (let bit = 0; bit < 4; bit++) if (op & (1 << bit)) offset += next() * 2 ** (8 * bit);
      for (let bit = 0; bit < 3; bit++) if (op & (0x10 << bit)) length += next() * 2 ** (8 * bit);
      length ||= 0x10000;
      if (offset + length > base.length || filled + length > total)
        throw damaged(id, 'a delta that reads outside of its base');
      filled += base.copy(out, filled, offset, offset + length);
    } else {
      if (op === 0 || at + op > delta.length || filled + op > total)
        throw damaged(id, 'a delta of another shape');
      filled += delta.copy(out, filled, at, at + op);
      at += op;
    }
  }
  if (filled !== total) throw damaged(id, 'a delta that gives another size');
  return out;
}
