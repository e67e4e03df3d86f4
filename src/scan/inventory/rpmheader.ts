// One package of an rpm database: the header blob (rpm's header format, "hdrblob"): two counts, an index of
// 16-byte entries, and a store of data that they point into.

import { InventoryFault } from './fault.ts';
import type { FoundPackage } from './inventory.ts';
import { isToken, plainText } from './token.ts';

export interface RpmPackage {
  found: FoundPackage;
  /** Files without leading slash, directories left out; undefined when they are more than a header can mean. */
  files: string[] | undefined;
}

const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  vendor: 1011,
  arch: 1022,
  fileModes: 1030,
  sourceRpm: 1044,
  dirIndexes: 1116,
  baseNames: 1117,
  dirNames: 1118,
  modularityLabel: 5096,
} as const;

const types = { int16: 3, int32: 4, string: 6, stringArray: 8, i18nString: 9 } as const;

/** rpm's own bounds: HEADER_TAGS_MAX and HEADER_DATA_MAX. */
const maxEntries = 0xffff;
const maxData = 256 << 20;

interface Header {
  blob: Buffer;
  /** Offset of the entry of each tag that matters. */
  entries: Map<number, number>;
  data: number;
}

const wanted = new Set<number>(Object.values(tags));

/** Reads one header blob; undefined for the keys that rpm keeps as packages. Throws InventoryFault. */
export function parseRpmHeader(blob: Buffer): RpmPackage | undefined {
  const header = openHeader(blob);
  const name = text(header, tags.name);
  const version = text(header, tags.version);
  const release = text(header, tags.release);
  if (!isToken(name) || !isToken(version) || !isToken(release))
    throw invalid('a name, a version and a release', 'a header without one of them');
  if (name === 'gpg-pubkey') return undefined;
  const epoch = integer(header, tags.epoch) ?? 0;
  const found: FoundPackage = { type: 'rpm', name, version: evr(epoch, version, release) };
  const arch = text(header, tags.arch);
  if (isToken(arch)) found.arch = arch;
  const source = sourceOf(text(header, tags.sourceRpm), epoch);
  if (source) found.source = source;
  const modularity = text(header, tags.modularityLabel);
  if (isToken(modularity) && modularity !== '(none)') found.modularity = modularity;
  const vendor = text(header, tags.vendor);
  if (vendor && vendor !== '(none)') found.vendor = plainText(vendor);
  return { found, files: filesOf(header) };
}

/** `[epoch:]version-release`, an epoch of 0 left out. */
export function evr(epoch: number, version: string, release: string): string {
  return epoch === 0 ? `${version}-${release}` : `${epoch}:${version}-${release}`;
}

/** `name-version-release.src.rpm`, which carries no epoch: the binary's is taken. */
export function sourceOf(
  rpm: string | undefined,
  epoch: number,
): { name: string; version: string } | undefined {
  const suffix = ['.src.rpm', '.nosrc.rpm'].find((end) => rpm?.endsWith(end));
  if (rpm === undefined || suffix === undefined) return undefined;
  const stem = rpm.slice(0, -suffix.length);
  const release = stem.lastIndexOf('-');
  const version = stem.lastIndexOf('-', release - 1);
  if (version <= 0 || release <= version) return undefined;
  const name = stem.slice(0, version);
  return isToken(stem)
    ? { name, version: evr(epoch, stem.slice(version + 1, release), stem.slice(release + 1)) }
    : undefined;
}

function openHeader(blob: Buffer): Header {
  if (blob.length < 8) throw invalid('a header', `${blob.length} bytes`);
  const count = blob.readUInt32BE(0);
  const size = blob.readUInt32BE(4);
  if (count === 0 || count > maxEntries || size > maxData || 8 + count * 16 + size > blob.length)
    throw invalid(`${blob.length} bytes of header`, `one that claims ${count} entries and ${size} bytes`);
  const entries = new Map<number, number>();
  for (let at = 8; at < 8 + count * 16; at += 16) {
    const tag = blob.readUInt32BE(at);
    if (wanted.has(tag)) entries.set(tag, at);
  }
  const data = 8 + count * 16;
  return { blob: blob.subarray(0, data + size), entries, data };
}

/** Where the data of a tag begins, and how many items it has; undefined when the tag is absent. */
function item(header: Header, tag: number, ...allowed: number[]): { at: number; count: number } | undefined {
  const entry = header.entries.get(tag);
  if (entry === undefined) return undefined;
  const type = header.blob.readUInt32BE(entry + 4);
  const at = header.data + header.blob.readUInt32BE(entry + 8);
  const count = header.blob.readUInt32BE(entry + 12);
  if (!allowed.includes(type)) throw invalid(`type ${allowed.join(' or ')} for tag ${tag}`, `${type}`);
  const unit = type === types.int32 ? 4 : type === types.int16 ? 2 : 1;
  if (count === 0 || at + count * unit > header.blob.length)
    throw invalid(`tag ${tag} inside the header`, `${count} items past its end`);
  return { at, count };
}

function text(header: Header, tag: number): string | undefined {
  const found = item(header, tag, types.string, types.i18nString, types.stringArray);
  return found && stringAt(header, found.at).text;
}

function integer(header: Header, tag: number): number | undefined {
  const found = item(header, tag, types.int32);
  return found && header.blob.readUInt32BE(found.at);
}

function stringAt(header: Header, at: number): { text: string; next: number } {
  const end = header.blob.indexOf(0, at);
  if (end < 0) throw invalid('a string with an end', 'none before the end of the header');
  return { text: header.blob.toString('utf8', at, end), next: end + 1 };
}

function strings(header: Header, tag: number): string[] {
  const found = item(header, tag, types.stringArray);
  const list: string[] = [];
  let at = found?.at ?? 0;
  for (let n = 0; n < (found?.count ?? 0); n++) {
    const { text: value, next } = stringAt(header, at);
    list.push(value);
    at = next;
  }
  return list;
}

/**
 * Directory and base name of each file. A hostile header pairs one long directory with countless short names:
 * paths may take four times the header's bytes, where real ones take less than it.
 */
function filesOf(header: Header): string[] | undefined {
  const names = strings(header, tags.baseNames);
  const folders = strings(header, tags.dirNames).map((folder) => folder.replace(/^\//, ''));
  const indexes = item(header, tags.dirIndexes, types.int32);
  const modes = item(header, tags.fileModes, types.int16);
  const files: string[] = [];
  let bytesLeft = 4 * header.blob.length + (64 << 10);
  for (const [n, name] of names.entries()) {
    if (indexes === undefined || n >= indexes.count) throw invalid('a directory for each file', 'fewer');
    const folder = folders[header.blob.readUInt32BE(indexes.at + n * 4)];
    if (folder === undefined) throw invalid('a directory that exists for each file', 'an index past them');
    bytesLeft -= folder.length + name.length;
    if (bytesLeft < 0) return undefined;
    const mode = modes !== undefined && n < modes.count ? header.blob.readUInt16BE(modes.at + n * 2) : 0;
    if ((mode & 0o170000) !== 0o040000) files.push(folder + name);
  }
  return files;
}

function invalid(expected: string, got: string): InventoryFault {
  return new InventoryFault('inventory-invalid', `expected ${expected}, got ${got}`);
}
