// Damaged copies of a file, the same ones every time, for tests that parsers survive them.

/** A small generator of pseudo-random 32-bit numbers (xorshift32): the same seed gives the same series. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0 || 0x9e3779b9;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const edges = [0, 1, 0x7f, 0x80, 0xfe, 0xff, 0x0a, 0x22, 0x5c, 0x7b];

/** `count` damaged copies of `bytes`, each by one to eight changes of one kind; seeded, so repeatable. */
export function* mutations(
  bytes: Uint8Array,
  seed: number,
  count: number,
): Generator<Buffer, void, undefined> {
  const random = randomFrom(seed);
  for (let n = 0; n < count; n++) {
    let copy: Buffer = Buffer.from(bytes);
    for (let change = random(8) + 1; change > 0; change--) copy = changed(copy, random);
    yield copy;
  }
}

function changed(bytes: Buffer, random: (below: number) => number): Buffer {
  if (bytes.length === 0) return Buffer.from([random(256)]);
  const at = random(bytes.length);
  switch (random(8)) {
    case 0:
      bytes[at]! ^= 1 << random(8);
      return bytes;
    case 1:
      bytes[at] = edges[random(edges.length)]!;
      return bytes;
    case 2:
      // A length, count or offset that is far too large.
      for (let i = at; i < Math.min(bytes.length, at + 4); i++) bytes[i] = 0xff;
      return bytes;
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(16))]);
    case 5: {
      const length = random(64);
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    }
    case 6:
      bytes.copy(bytes, random(bytes.length), at, at + random(32));
      return bytes;
    default:
      for (let i = at; i < Math.min(bytes.length, at + 1 + random(32)); i++) bytes[i] = random(256);
      return bytes;
  }
}
