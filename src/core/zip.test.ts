import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { defaultLimits } from './limits.ts';
import { bufferSource, readZip, ZipFault } from './zip.ts';

interface Member {
  path: string;
  bytes: Buffer;
  stored?: boolean;
  flags?: number;
  size?: number;
  crc?: number;
  wide?: boolean;
}

/** A zip as the format's description has it, with room for lies. */
function zipOf(members: Member[], comment = ''): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const m of members) {
    const name = Buffer.from(m.path);
    const data = m.stored ? m.bytes : deflateRawSync(m.bytes);
    const size = m.size ?? m.bytes.length;
    const extra = m.wide ? Buffer.alloc(20) : Buffer.alloc(0);
    if (m.wide) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(16, 2);
      extra.writeBigUInt64LE(BigInt(size), 4);
      extra.writeBigUInt64LE(BigInt(data.length), 12);
    }
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(m.flags ?? 0, 8);
    head.writeUInt16LE(m.stored ? 0 : 8, 10);
    head.writeUInt32LE(m.crc ?? crc32(m.bytes), 16);
    head.writeUInt32LE(m.wide ? 0xffffffff : data.length, 20);
    head.writeUInt32LE(m.wide ? 0xffffffff : size, 24);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt16LE(extra.length, 30);
    head.writeUInt32LE(offset, 42);
    central.push(head, name, extra);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    parts.push(local, name, data);
    offset += 30 + name.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, directory, end, Buffer.from(comment)]);
}

const read = (zip: Buffer, limits = {}) => [...readZip(bufferSource(zip), { ...defaultLimits, ...limits })];
const hello = { path: 'a/hello.txt', bytes: Buffer.from('hello '.repeat(100)) };

test('entries come with path, size and bytes, deflated and stored, with a comment and bytes in front', () => {
  const zip = zipOf(
    [hello, { ...hello, path: 'stored', stored: true }, { ...hello, path: 'wide', wide: true }],
    'PK',
  );
  for (const bytes of [zip, Buffer.concat([Buffer.from('#!/bin/sh\nexec java\n'), zip])]) {
    const entries = read(bytes);
    assert.deepEqual(
      entries.map((e) => e.path),
      ['a/hello.txt', 'stored', 'wide'],
    );
    for (const entry of entries) assert.deepEqual(entry.inflate(), hello.bytes);
    assert.equal(entries[0]!.stored(), undefined);
    assert.deepEqual(entries[1]!.stored()!.read(6, 5).toString(), 'hello');
  }
});

test('every truncation is a ZipFault or reads only what is whole', () => {
  const zip = zipOf([hello, { ...hello, path: 'two' }]);
  for (let length = 0; length < zip.length; length++)
    assert.throws(() => read(zip.subarray(0, length)).map((e) => e.inflate()), ZipFault);
});

test('an archive that claims zip64 is read by its zip64 end', () => {
  const zip = zipOf([hello]);
  const end = zip.subarray(zip.length - 22);
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(1n, 32);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(12)), 40);
  record.writeBigUInt64LE(BigInt(end.readUInt32LE(16)), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(zip.length - 22), 8);
  const full = Buffer.from(end);
  full.fill(0xff, 8, 20);
  const wide = Buffer.concat([zip.subarray(0, -22), record, locator, full]);
  for (const bytes of [wide, Buffer.concat([Buffer.from('launcher'), wide])])
    assert.deepEqual(read(bytes)[0]!.inflate(), hello.bytes);
});

test('lies are named: encrypted, wrong CRC, wrong size, unknown method, too many, too large', () => {
  const codeOf = (zip: Buffer, limits = {}) => {
    try {
      for (const entry of read(zip, limits)) entry.inflate();
    } catch (error) {
      return (error as ZipFault).code;
    }
    return 'none';
  };
  assert.equal(codeOf(zipOf([{ ...hello, flags: 1 }])), 'zip-encrypted');
  assert.equal(codeOf(zipOf([{ ...hello, crc: 1 }])), 'zip-invalid');
  assert.equal(codeOf(zipOf([{ ...hello, size: 10 }])), 'zip-invalid');
  assert.equal(codeOf(zipOf([{ ...hello, size: 10_000 }])), 'zip-invalid');
  assert.equal(codeOf(zipOf([hello, hello]), { archiveEntries: 1 }), 'zip-limit');
  assert.equal(codeOf(zipOf([hello, hello]), { archiveInflatedBytes: 700 }), 'zip-limit');
  assert.equal(codeOf(zipOf([hello]), { pathBytes: 4 }), 'zip-limit');
  const method = zipOf([hello]);
  method.writeUInt16LE(12, method.indexOf('PK\x01\x02') + 10);
  assert.equal(codeOf(method), 'zip-unsupported');
});
