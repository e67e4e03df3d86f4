// File systems over a network are known by their numbers, signed or not.
import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import test from 'node:test';
import { networkFileSystem } from './filesystem.ts';

test('NFS and SMB are network file systems, this machine’s own are not', () => {
  assert.equal(networkFileSystem(0x6969), 'NFS');
  assert.equal(networkFileSystem(0xff534d42), 'SMB');
  assert.equal(networkFileSystem(0xff534d42 | 0), 'SMB');
  assert.equal(networkFileSystem(0xfe534d42 | 0), 'SMB');
  // ext4, xfs, tmpfs, overlayfs
  for (const type of [0xef53, 0x58465342, 0x01021994, 0x794c7630])
    assert.equal(networkFileSystem(type), undefined);
  assert.equal(networkFileSystem(statfsSync(tmpdir()).type), undefined);
});
