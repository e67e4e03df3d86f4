// Every ELF file that runs or is linked at run time, with what it needs and provides: how executables without a
// package are counted, and what renewal asks of a new base (System V ABI, chapter 5, dynamic linking).

import { type Elf, elfOf, isElf, offsetOf, segmentTypes, stringAt, u32, u64 } from './elf.ts';
import type { Extractor, FileEntry, OpenFile } from './extractor.ts';
import type { ElfFacts, Extraction } from './inventory.ts';

export const executables: Extractor = { name: 'executables', version: 1, wants, extract };

const tags = { needed: 1, stringTable: 5, stringSize: 10, soname: 14, rpath: 15, runpath: 29 } as const;
const maxDynamicBytes = 1 << 20;
const maxStringBytes = 16 << 20;
const maxName = 4096;
const maxNeeded = 4096;
/** Of all names together: entries that share one long name would make a small file's facts large. */
const maxNeededBytes = 64 << 10;

function wants(file: FileEntry): boolean {
  if (!isElf(file)) return false;
  const { name } = file;
  // Objects to be linked, kernel modules, split-off debug symbols.
  return !name.endsWith('.o') && !name.endsWith('.ko') && !name.endsWith('.debug');
}

function extract(file: OpenFile): Extraction {
  const elf = elfOf(file);
  if (elf === undefined || !elf.loadable) return {};
  const facts: ElfFacts = { needed: [] };
  const interpreter = elf.segments.find(({ type }) => type === segmentTypes.interpreter);
  if (interpreter) {
    const path = stringAt(file.read(interpreter.offset, Math.min(interpreter.size, maxName)), 0, maxName);
    if (path) facts.interpreter = path;
  }
  readDynamic(elf, facts);
  return { elf: facts };
}

function readDynamic(elf: Elf, facts: ElfFacts): void {
  const dynamic = elf.segments.find(({ type }) => type === segmentTypes.dynamic);
  if (dynamic === undefined) return;
  const { wide, little } = elf;
  const table = elf.file.read(dynamic.offset, Math.min(dynamic.size, maxDynamicBytes));
  const entry = wide ? 16 : 8;
  const needed: number[] = [];
  const single = new Map<number, number>();
  for (let at = 0; at + entry <= table.length; at += entry) {
    const tag = u32(table, at + (wide && !little ? 4 : 0), little);
    if (tag === 0) break;
    const value = wide ? u64(table, at + 8, little) : u32(table, at + 4, little);
    if (tag === tags.needed && needed.length < maxNeeded) needed.push(value);
    else if (!single.has(tag)) single.set(tag, value);
  }
  const strings = readStrings(elf, single.get(tags.stringTable), single.get(tags.stringSize));
  const string = (offset: number | undefined) =>
    offset === undefined ? undefined : stringAt(strings, offset, maxName);
  let bytesLeft = maxNeededBytes;
  for (const offset of needed) {
    const name = string(offset);
    bytesLeft -= name?.length ?? 0;
    if (bytesLeft < 0) break;
    if (name) facts.needed.push(name);
  }
  const soname = string(single.get(tags.soname));
  const runpath = string(single.get(tags.runpath) ?? single.get(tags.rpath));
  if (soname) facts.soname = soname;
  if (runpath) facts.runpath = runpath;
}

function readStrings(elf: Elf, address: number | undefined, size: number | undefined): Buffer {
  const place = address === undefined ? undefined : offsetOf(elf, address);
  if (place === undefined || size === undefined) return Buffer.alloc(0);
  return elf.file.read(place.offset, Math.min(size, place.left, maxStringBytes));
}
