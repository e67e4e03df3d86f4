// Where each file of a tar archive on disk lies, read header by header without reading the data.
import type { FileHandle } from 'node:fs/promises';
import { defaultLimits, type Limits } from '../../core/index.ts';
import { cleanPath, paxRecords, readNumber, readText, verifyChecksum } from '../../image/index.ts';
import { LocalFault } from './fault.ts';

export interface Member {
  offset: number;
  /** Bytes. */
  size: number;
}

/** Members by clean path; links inside the archive are followed when asked for by name. */
export interface TarIndex {
  find(path: string): Member | undefined;
  paths(): Iterable<string>;
}

/** What a GNU or pax header says of the entry behind it. */
interface LongFields {
  path?: string;
  link?: string;
  size?: number;
}

type IndexLimits = Pick<Limits, 'archiveEntries' | 'pathBytes'>;

const BLOCK = 512;
const mostHops = 8;

/** Throws LocalFault `archive-invalid`, ImageFault `tar-corrupt`. */
export async function indexTar(
  file: FileHandle,
  size: number,
  limits: IndexLimits = defaultLimits,
): Promise<TarIndex> {
  const members = new Map<string, Member>();
  const links = new Map<string, string>();
  const header = Buffer.alloc(BLOCK);
  let long: LongFields = {};
  for (let at = 0, entries = 0; at + BLOCK <= size; entries++) {
    if (entries > limits.archiveEntries)
      throw invalid(`expected at most ${limits.archiveEntries} entries, got more`);
    await readExactly(file, header, at);
    if (header.every((byte) => byte === 0)) break;
    verifyChecksum(header, 0);
    const type = String.fromCharCode(header[156]!);
    // a pax size is about the entry, never about another header in between
    const isHeader = type === 'L' || type === 'K' || type === 'x' || type === 'g';
    const length = storedBytes(type, isHeader ? undefined : long.size, header);
    const body = at + BLOCK;
    if (body + length > size)
      throw invalid(`expected ${length} bytes of an entry, got the end of the archive`);
    at = body + Math.ceil(length / BLOCK) * BLOCK;
    if (isHeader && type !== 'g') {
      long = { ...long, ...(await readLong(file, type, body, length, limits)) };
      continue;
    }
    if (isHeader) continue;
    const path = cleanPath(long.path ?? ustarName(header));
    const link = long.link ?? readText(header, 157, 100);
    long = {};
    // as a runtime would: what comes later replaces what came before under the same name
    if (type === '0' || type === '\0' || type === '7') {
      members.set(path, { offset: body, size: length });
      links.delete(path);
    } else if (type === '1' || type === '2') {
      links.set(path, cleanPath(type === '2' && !link.startsWith('/') ? `${parentOf(path)}/${link}` : link));
      members.delete(path);
    }
  }
  return {
    paths: () => members.keys(),
    find(path) {
      let at = cleanPath(path);
      for (let hops = 0; hops <= mostHops; hops++) {
        const member = members.get(at);
        if (member !== undefined) return member;
        const next = links.get(at);
        if (next === undefined) return undefined;
        at = next;
      }
      return undefined;
    },
  };
}

/** Directories and links store nothing, whatever their size field says. */
function storedBytes(type: string, paxSize: number | undefined, header: Buffer): number {
  return type === '5' || type === '2' || type === '1' ? 0 : (paxSize ?? readNumber(header, 124, 12));
}

async function readLong(
  file: FileHandle,
  type: string,
  offset: number,
  length: number,
  limits: IndexLimits,
): Promise<LongFields> {
  const bound = type === 'x' ? 1 << 20 : limits.pathBytes + 1;
  if (length > bound) throw invalid(`expected a header of at most ${bound} bytes, got ${length}`);
  const bytes = Buffer.alloc(length);
  await readExactly(file, bytes, offset);
  if (type === 'L') return { path: readText(bytes, 0, bytes.length) };
  if (type === 'K') return { link: readText(bytes, 0, bytes.length) };
  const records = paxRecords(bytes);
  const path = records.get('path');
  const link = records.get('linkpath');
  const size = records.get('size');
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw invalid('expected a size in digits in a pax header, got another');
  return {
    ...(path === undefined ? {} : { path }),
    ...(link === undefined ? {} : { link }),
    ...(size === undefined ? {} : { size: Number(size) }),
  };
}

function ustarName(header: Buffer): string {
  const name = readText(header, 0, 100);
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  return isUstar && header[345] !== 0 ? `${readText(header, 345, 155)}/${name}` : name;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

async function readExactly(file: FileHandle, into: Buffer, offset: number): Promise<void> {
  const { bytesRead } = await file.read(into, 0, into.length, offset);
  if (bytesRead !== into.length) throw invalid('expected the rest of the archive, got its end');
}

function invalid(message: string): LocalFault {
  return new LocalFault('archive-invalid', message);
}
