// ELF files for tests: headers, one segment that holds the whole file, sections, a dynamic table (System V ABI).

export interface ElfParts {
  /** 64 or 32 bits; 64 when absent. */
  bits?: 64 | 32;
  order?: 'little' | 'big';
  /** ET_REL 1, ET_EXEC 2, ET_DYN 3. */
  type?: number;
  sections?: readonly { name: string; bytes: Uint8Array }[];
  /** Leaves the section headers out, as strippers do. */
  stripped?: boolean;
  interpreter?: string;
  needed?: readonly string[];
  soname?: string;
  runpath?: string;
}

/** Where the file's first byte is mapped. */
export const elfBase = 0x400000;

export function elfFile(parts: ElfParts = {}): Buffer {
  const wide = parts.bits !== 32;
  const little = parts.order !== 'big';
  const word = (value: number) => integer(value, wide ? 8 : 4, little);
  const half = (value: number) => integer(value, 2, little);
  const full = (value: number) => integer(value, 4, little);
  const headerSize = wide ? 64 : 52;
  const segmentSize = wide ? 56 : 32;

  const strings = stringTable([...(parts.needed ?? []), parts.soname ?? '', parts.runpath ?? '']);
  const names = stringTable(['.names', ...(parts.sections ?? []).map(({ name }) => name)]);
  const body: Buffer[] = [];
  const start = headerSize + 3 * segmentSize;
  let at = start;
  const place = (bytes: Uint8Array): number => {
    const padding = (16 - (at % 16)) % 16;
    body.push(Buffer.alloc(padding), Buffer.from(bytes));
    at += padding + bytes.length;
    return at - bytes.length;
  };

  const interpreter = Buffer.from(parts.interpreter === undefined ? '' : `${parts.interpreter}\0`);
  const interpreterAt = place(interpreter);
  const stringsAt = place(strings.bytes);
  const entries: [number, number][] = (parts.needed ?? []).map((name) => [1, strings.at(name)]);
  if (parts.soname !== undefined) entries.push([14, strings.at(parts.soname)]);
  if (parts.runpath !== undefined) entries.push([29, strings.at(parts.runpath)]);
  if (entries.length > 0) entries.push([5, elfBase + stringsAt], [10, strings.bytes.length], [0, 0]);
  const dynamic = Buffer.concat(entries.flatMap(([tag, value]) => [word(tag), word(value)]));
  const dynamicAt = place(dynamic);
  const sections = (parts.sections ?? []).map(({ name, bytes }) => ({
    name,
    at: place(bytes),
    size: bytes.length,
  }));
  const namesAt = place(names.bytes);
  sections.push({ name: '.names', at: namesAt, size: names.bytes.length });
  const table = sections.map(({ name, at: offset, size }) =>
    Buffer.concat([
      full(names.at(name)),
      full(1),
      word(0),
      word(elfBase + offset),
      word(offset),
      word(size),
      full(0),
      full(0),
      word(1),
      word(0),
    ]),
  );
  const tableAt = place(Buffer.concat(parts.stripped ? [] : table));

  const segment = (type: number, flags: number, offset: number, size: number) =>
    Buffer.concat([
      full(type),
      ...(wide ? [full(flags)] : []),
      word(offset),
      word(elfBase + offset),
      word(elfBase + offset),
      word(size),
      word(size),
      ...(wide ? [] : [full(flags)]),
      word(16),
    ]);
  const count = parts.stripped ? 0 : sections.length;
  const header = Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    half(parts.type ?? 3),
    half(62),
    full(1),
    word(elfBase),
    word(headerSize),
    word(parts.stripped ? 0 : tableAt),
    full(0),
    half(headerSize),
    half(segmentSize),
    half(3),
    half(wide ? 64 : 40),
    half(count),
    half(Math.max(0, count - 1)),
  ]);
  return Buffer.concat([
    header,
    segment(1, 6, 0, at),
    segment(entries.length > 0 ? 2 : 0, 6, dynamicAt, dynamic.length),
    segment(parts.interpreter === undefined ? 0 : 3, 4, interpreterAt, interpreter.length),
    ...body,
  ]);
}

export function integer(value: number, size: 2 | 4 | 8, little: boolean): Buffer {
  const bytes = Buffer.alloc(size);
  if (size === 8) little ? bytes.writeBigUInt64LE(BigInt(value)) : bytes.writeBigUInt64BE(BigInt(value));
  else little ? bytes.writeUIntLE(value, 0, size) : bytes.writeUIntBE(value, 0, size);
  return bytes;
}

function stringTable(names: readonly string[]): { bytes: Buffer; at(name: string): number } {
  const places = new Map<string, number>();
  let text = '\0';
  for (const name of names) {
    if (!places.has(name)) places.set(name, text.length);
    text += `${name}\0`;
  }
  return { bytes: Buffer.from(text, 'latin1'), at: (name) => places.get(name) ?? 0 };
}
