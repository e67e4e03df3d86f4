// Go's build information for tests, in both forms that Go's linker has written it.
import { elfBase, elfFile, integer } from './elffile.ts';

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const frame = Buffer.from('0123456789abcdef');

/** Go 1.18 and later: two strings with their lengths as varints behind a header of 32 bytes. */
export function inlineBuildInfo(goVersion: string, modules: string): Buffer {
  const header = Buffer.concat([magic, Buffer.from([8, 2]), Buffer.alloc(16)]);
  const framed = Buffer.concat([frame, Buffer.from(modules), frame]);
  return Buffer.concat([
    header,
    varint(goVersion.length),
    Buffer.from(goVersion),
    varint(framed.length),
    framed,
  ]);
}

/** Before Go 1.18: two pointers to strings, each a pointer and a length. A whole ELF, since addresses count. */
export function pointerBuildInfo(
  goVersion: string,
  modules: string,
  bits: 64 | 32,
  order: 'little' | 'big',
): Buffer {
  const width = bits === 64 ? 8 : 4;
  const little = order === 'little';
  const framed = Buffer.concat([frame, Buffer.from(modules), frame]);
  const at = (base: number): Buffer => {
    const word = (value: number) => integer(value, width, little);
    const texts = base + 32 + width * 4;
    const header = Buffer.concat([
      magic,
      Buffer.from([width, little ? 0 : 1]),
      word(base + 32),
      word(base + 32 + width * 2),
    ]);
    return Buffer.concat([
      header,
      Buffer.alloc(32 - header.length),
      word(texts),
      word(goVersion.length),
      word(texts + goVersion.length),
      word(framed.length),
      Buffer.from(goVersion),
      framed,
    ]);
  };
  // The first pass finds out where the section lies.
  const file = (base: number) =>
    elfFile({ bits, order, sections: [{ name: '.go.buildinfo', bytes: at(base) }] });
  return file(elfBase + file(0).indexOf(magic));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
