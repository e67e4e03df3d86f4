// ELF files as far as an inventory needs them: segments, sections by name, addresses (System V ABI, chapter 4).
// Every count and offset is checked against the file; one parsed ELF is shared by all extractors of a file.
import type { FileEntry, OpenFile } from './extractor.ts';

export interface Segment {
  type: number;
  flags: number;
  offset: number;
  address: number;
  /** Bytes in the file. */
  size: number;
}

export interface Section {
  name: string;
  address: number;
  offset: number;
  size: number;
}

export interface Elf {
  file: OpenFile;
  wide: boolean;
  little: boolean;
  /** ET_EXEC or ET_DYN: something that runs or is linked at run time. */
  loadable: boolean;
  segments: Segment[];
  section(name: string): Section | undefined;
}

export const segmentTypes = { load: 1, dynamic: 2, interpreter: 3 } as const;

const headerBytes = { wide: 64, narrow: 52 } as const;
const maxSegments = 4096;
const maxSections = 65_280;
const noBits = 8;

/** Whether a file starts as ELF does and is large enough to be one. */
export function isElf({ head, size }: FileEntry): boolean {
  return size >= 52 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

const parsed = new WeakMap<OpenFile, { elf: Elf | undefined }>();

/** The parsed ELF of a file, made once; undefined when its headers make no sense: no system would load it. */
export function elfOf(file: OpenFile): Elf | undefined {
  let entry = parsed.get(file);
  if (entry === undefined) {
    entry = { elf: parseElf(file) };
    parsed.set(file, entry);
  }
  return entry.elf;
}

function parseElf(file: OpenFile): Elf | undefined {
  const header = file.read(0, headerBytes.wide);
  const wide = header[4] === 2;
  const little = header[5] === 1;
  if ((!wide && header[4] !== 1) || (!little && header[5] !== 2)) return undefined;
  if (header.length < (wide ? headerBytes.wide : headerBytes.narrow)) return undefined;
  const type = u16(header, 16, little);
  const segments = readSegments(file, header, wide, little);
  if (segments === undefined) return undefined;
  let sections: Map<string, Section> | undefined;
  return {
    file,
    wide,
    little,
    loadable: type === 2 || type === 3,
    segments,
    section(name) {
      sections ??= readSections(file, header, wide, little);
      return sections.get(name);
    },
  };
}

function readSegments(file: OpenFile, header: Buffer, wide: boolean, little: boolean): Segment[] | undefined {
  const at = wide ? u64(header, 32, little) : u32(header, 28, little);
  const entry = u16(header, wide ? 54 : 42, little);
  const count = u16(header, wide ? 56 : 44, little);
  if (count === 0) return [];
  if (count > maxSegments || entry !== (wide ? 56 : 32)) return undefined;
  const table = file.read(at, count * entry);
  if (table.length !== count * entry) return undefined;
  const segments: Segment[] = [];
  for (let i = 0; i < table.length; i += entry) {
    segments.push({
      type: u32(table, i, little),
      flags: u32(table, i + (wide ? 4 : 24), little),
      offset: wide ? u64(table, i + 8, little) : u32(table, i + 4, little),
      address: wide ? u64(table, i + 16, little) : u32(table, i + 8, little),
      size: wide ? u64(table, i + 32, little) : u32(table, i + 16, little),
    });
  }
  return segments;
}

/** Sections with bytes in the file, by name; none when they were stripped or make no sense. */
function readSections(file: OpenFile, header: Buffer, wide: boolean, little: boolean): Map<string, Section> {
  const sections = new Map<string, Section>();
  const at = wide ? u64(header, 40, little) : u32(header, 32, little);
  const entry = u16(header, wide ? 58 : 46, little);
  const count = u16(header, wide ? 60 : 48, little);
  const names = u16(header, wide ? 62 : 50, little);
  if (at === 0 || count === 0 || count > maxSections || entry !== (wide ? 64 : 40) || names >= count)
    return sections;
  const table = file.read(at, count * entry);
  if (table.length !== count * entry) return sections;
  const place = (i: number) => ({
    address: wide ? u64(table, i + 16, little) : u32(table, i + 12, little),
    offset: wide ? u64(table, i + 24, little) : u32(table, i + 16, little),
    size: wide ? u64(table, i + 32, little) : u32(table, i + 20, little),
  });
  const nameTable = place(names * entry);
  const nameBytes = file.read(nameTable.offset, Math.min(nameTable.size, 1 << 20));
  for (let i = 0; i < table.length; i += entry) {
    if (u32(table, i + 4, little) === noBits) continue;
    const name = stringAt(nameBytes, u32(table, i, little), maxSectionName);
    if (name !== undefined && name !== '' && !sections.has(name)) sections.set(name, { name, ...place(i) });
  }
  return sections;
}

/** Long enough for every name that is asked for; longer ones are not looked at. */
const maxSectionName = 64;

/** The string at `at` that a zero byte ends; undefined when it is not there or longer than `limit`. */
export function stringAt(bytes: Buffer, at: number, limit: number): string | undefined {
  if (at >= bytes.length) return undefined;
  const end = bytes.subarray(at, at + limit + 1).indexOf(0);
  return end < 0 ? undefined : bytes.toString('utf8', at, at + end);
}

/** Where the byte at an address lies in the file, and how many follow it there; undefined: nowhere. */
export function offsetOf(elf: Elf, address: number): { offset: number; left: number } | undefined {
  for (const { type, offset, address: start, size } of elf.segments)
    if (type === segmentTypes.load && address >= start && address < start + size)
      return { offset: offset + (address - start), left: size - (address - start) };
  return undefined;
}

export function u16(bytes: Buffer, at: number, little: boolean): number {
  return little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}

export function u32(bytes: Buffer, at: number, little: boolean): number {
  return little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

/** As a number: beyond 2^53 it is inexact, and beyond every file. */
export function u64(bytes: Buffer, at: number, little: boolean): number {
  const first = u32(bytes, at, little);
  const second = u32(bytes, at + 4, little);
  return little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
}
