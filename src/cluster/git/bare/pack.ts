// Objects in packs: found through the index beside each (version 2, gitformat-pack), their deltas applied.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GitFault } from '../fault.ts';
import { applyDelta } from './delta.ts';
import { damaged, type GitObject, inflated, type ObjectType, objectBytes } from './object.ts';

export interface Packs {
  /** Undefined: in none of them. Throws GitFault. */
  read(id: string): GitObject | undefined;
}

const types: Record<number, ObjectType> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const indexBytes = 256 << 20;
const mostPacks = 1000;
const deltaDepth = 4096;

/** Throws GitFault. */
export function openPacks(directory: string): Packs {
  if (statSync(directory, { throwIfNoEntry: false }) === undefined) return { read: () => undefined };
  const names = readdirSync(directory).filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name));
  if (names.length > mostPacks)
    throw new GitFault('git-limit', `expected at most ${mostPacks} packs, got ${names.length}`, {
      hint: 'Run git gc in the repository.',
    });
  const packs = names.map((name) => openPack(join(directory, name)));
  return {
    read(id) {
      for (const pack of packs) {
        const offset = pack.find(id);
        if (offset !== undefined) return pack.readAt(id, offset);
      }
      return undefined;
    },
  };
}

function openPack(indexFile: string) {
  const broken = () =>
    new GitFault('git-failed', `expected an index of version 2 at ${indexFile}, got another`, {
      hint: 'Run git gc in the repository.',
    });
  if (statSync(indexFile).size > indexBytes) throw broken();
  const index = readFileSync(indexFile);
  if (index.length < 1072 || index.readUInt32BE(0) !== 0xff744f63 || index.readUInt32BE(4) !== 2)
    throw broken();
  const fan = (first: number) => (first < 0 ? 0 : index.readUInt32BE(8 + first * 4));
  const count = fan(255);
  const offsets = 1032 + count * 24;
  const large = offsets + count * 4;
  if (index.length < large + 40) throw broken();

  const find = (id: string): number | undefined => {
    const wanted = Buffer.from(id, 'hex');
    let low = fan(wanted[0]! - 1);
    let high = Math.min(fan(wanted[0]!), count);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = index.compare(wanted, 0, 20, 1032 + middle * 20, 1052 + middle * 20);
      if (order === 0) return offsetOf(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  };

  const offsetOf = (at: number): number => {
    const offset = index.readUInt32BE(offsets + at * 4);
    if (offset < 0x80000000) return offset;
    const far = large + (offset - 0x80000000) * 8;
    if (far + 8 > index.length) throw broken();
    return Number(index.readBigUInt64BE(far));
  };

  /** From the object to the whole one that its deltas stand on, and back. */
  const readAt = (id: string, from: number): GitObject => {
    const file = openSync(`${indexFile.slice(0, -4)}.pack`, 'r');
    try {
      const deltas: Buffer[] = [];
      let offset = from;
      for (;;) {
        const entry = entryAt(file, id, offset);
        if (entry.type !== undefined) {
          const bytes = deltas.reduceRight((base, delta) => applyDelta(id, base, delta), entry.bytes);
          return { type: entry.type, bytes };
        }
        deltas.push(entry.bytes);
        if (deltas.length > deltaDepth) throw damaged(id, `more than ${deltaDepth} deltas`);
        const next = entry.base === undefined ? offset - entry.back : find(entry.base);
        if (next === undefined || next < 12 || next === offset) throw damaged(id, 'a delta of nothing');
        offset = next;
      }
    } finally {
      closeSync(file);
    }
  };
  return { find, readAt };
}

interface Entry {
  /** Undefined: a delta, of `base` or of what stands `back` bytes before it. */
  type: ObjectType | undefined;
  base: string | undefined;
  back: number;
  bytes: Buffer;
}

function entryAt(file: number, id: string, offset: number): Entry {
  const head = Buffer.alloc(64);
  readSync(file, head, 0, 64, offset);
  let at = 0;
  const next = () => head[at++] ?? 0;
  let byte = next();
  const kind = (byte >> 4) & 7;
  let size = byte & 15;
  for (let shift = 4; byte & 0x80; shift += 7) {
    byte = next();
    size += (byte & 0x7f) * 2 ** shift;
  }
  let back = 0;
  let base: string | undefined;
  if (kind === 6) {
    byte = next();
    back = byte & 0x7f;
    while (byte & 0x80) {
      byte = next();
      back = (back + 1) * 128 + (byte & 0x7f);
    }
  } else if (kind === 7) {
    base = head.toString('hex', at, at + 20);
    at += 20;
  } else if (types[kind] === undefined) throw damaged(id, `an entry of type ${kind}`);
  if (size > objectBytes || at > 60)
    throw new GitFault('git-limit', `expected at most ${objectBytes} bytes as the object ${id}, got ${size}`);
  // the compressed size is not written down: no more than this, and what follows is left alone
  const packed = Buffer.alloc(Math.min(size + (size >>> 8) + 1024, fstatSync(file).size - offset - at));
  readSync(file, packed, 0, packed.length, offset + at);
  const bytes = inflated(id, packed, size);
  if (bytes.length !== size) throw damaged(id, 'another size');
  return { type: types[kind], base, back, bytes };
}
