// The build information that Go's linker puts into a program (runtime/debug.BuildInfo): found by its magic in the
// data, in the form of Go 1.18 and later (inline) or the one before (pointers to strings).
import { type Elf, offsetOf, u32, u64 } from './elf.ts';
import { InventoryFault } from './fault.ts';

export interface BuildInfo {
  /** As the runtime reports it: `go1.22.1`, with experiments `go1.22.1 X:boringcrypto`. */
  goVersion: string;
  /** Lines of path, mod, dep, =>, build; empty when the program was built without modules. */
  modules: string;
}

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const headerBytes = 32;
const align = 16;
const windowBytes = 1 << 20;
const maxVersion = 4096;

/** The build information of a program; undefined when it is not Go's. Throws InventoryFault when it is broken. */
export function readBuildInfo(elf: Elf, limit: number): BuildInfo | undefined {
  const place = placeOf(elf);
  const offset = place === undefined ? undefined : findMagic(elf, place.offset, place.size);
  if (offset === undefined) return undefined;
  const header = elf.file.read(offset, headerBytes);
  if (header.length < headerBytes) throw invalid('a header of 32 bytes', 'the end of the file');
  return (header[15]! & 2) !== 0
    ? readInline(elf, offset + headerBytes, limit)
    : readPointers(elf, header, limit);
}

/** Go looks in the section, else in the first segment that is writable and not executable. */
function placeOf(elf: Elf): { offset: number; size: number } | undefined {
  return (
    elf.section('.go.buildinfo') ?? elf.segments.find(({ type, flags }) => type === 1 && (flags & 3) === 2)
  );
}

function findMagic(elf: Elf, start: number, size: number): number | undefined {
  for (let at = 0; at < size; at += windowBytes) {
    // Windows overlap by a header, so that a magic at the edge is whole in one of them.
    const window = elf.file.read(start + at, Math.min(size - at, windowBytes + headerBytes));
    if (window.length < headerBytes) return undefined;
    for (let i = window.indexOf(magic); i >= 0; i = window.indexOf(magic, i + 1))
      if ((at + i) % align === 0) return start + at + i;
    if (start + at + window.length >= elf.file.size) return undefined;
  }
  return undefined;
}

/** Two strings behind the header, each with its length as a varint. */
function readInline(elf: Elf, start: number, limit: number): BuildInfo {
  const version = lengthAt(elf, start);
  const goVersion = bytesAt(elf, version.next, version.value, maxVersion).toString('utf8');
  const modules = lengthAt(elf, version.next + version.value);
  return { goVersion, modules: unframed(bytesAt(elf, modules.next, modules.value, limit)) };
}

function lengthAt(elf: Elf, offset: number): { value: number; next: number } {
  const bytes = elf.file.read(offset, 10);
  let value = 0;
  for (let i = 0; i < Math.min(bytes.length, 8); i++) {
    value += (bytes[i]! & 0x7f) * 2 ** (7 * i);
    if (bytes[i]! < 0x80) return { value, next: offset + i + 1 };
  }
  throw invalid('the length of a string', 'other bytes');
}

/** Two pointers to Go strings: each a pointer to the bytes, and a length. Byte order and width are the header's. */
function readPointers(elf: Elf, header: Buffer, limit: number): BuildInfo {
  const width = header[14]!;
  if (width !== 4 && width !== 8) throw invalid('pointers of 4 or 8 bytes', `${width}`);
  const little = (header[15]! & 1) === 0;
  const word = (bytes: Buffer, at: number) => (width === 4 ? u32(bytes, at, little) : u64(bytes, at, little));
  const string = (address: number, most: number): Buffer => {
    if (address === 0) return Buffer.alloc(0);
    const place = offsetOf(elf, address);
    const pair = place === undefined ? undefined : bytesAt(elf, place.offset, width * 2, width * 2);
    if (pair === undefined) throw invalid('a string inside the file', 'an address outside');
    const text = offsetOf(elf, word(pair, 0));
    if (text === undefined) throw invalid('a string inside the file', 'an address outside');
    return bytesAt(elf, text.offset, word(pair, width), most);
  };
  return {
    goVersion: string(word(header, 16), maxVersion).toString('utf8'),
    modules: unframed(string(word(header, 16 + width), limit)),
  };
}

function bytesAt(elf: Elf, offset: number, length: number, limit: number): Buffer {
  if (length > limit)
    throw new InventoryFault('limit-reached', `expected at most ${limit} bytes, got ${length}`);
  const bytes = elf.file.read(offset, length);
  if (bytes.length !== length) throw invalid(`${length} bytes of a string`, `${bytes.length}`);
  return bytes;
}

/** The linker frames the modules by two marks of 16 bytes; without them there are none. */
function unframed(framed: Buffer): string {
  return framed.length >= 33 && framed[framed.length - 17] === 0x0a
    ? framed.toString('utf8', 16, framed.length - 16)
    : '';
}

function invalid(expected: string, got: string): InventoryFault {
  return new InventoryFault(
    'inventory-invalid',
    `expected ${expected} in Go's build information, got ${got}`,
  );
}
