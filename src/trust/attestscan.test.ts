// Tests of a scan that is signed: by which advisories it is judged.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultLimits, systemClock } from '../core/index.ts';
import type { AdvisoryDatabase } from '../scan/index.ts';
import { databaseOf } from '../testing/advisories.ts';
import { testRecord } from '../testing/feeds.ts';
import { makeImage } from '../testing/images.ts';
import { newKey, openYard } from '../testing/yard.ts';
import { signerAuthority } from './attest.ts';
import { attestScan } from './attestscan.ts';
import { localSigner } from './key/index.ts';

const files = [
  { path: 'etc/os-release', data: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' },
  {
    path: 'var/lib/dpkg/status',
    data: 'Package: libtide1\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\nSource: libtide\n',
  },
];

test('advisories that are replaced while an image is looked into are not used any more: it is judged by the new ones', async (t) => {
  const yard = await openYard(t);
  const image = await yard.push('team/app', [makeImage({ layers: [files] })]);
  const flaw = (id: string) => ({
    Debian: [testRecord(`DSA-${id}`, 'Debian:12', 'libtide', '1.1', { aliases: [`CVE-2026-${id}`] })],
  });
  const newer = await databaseOf(t, flaw('2222'));
  const older = await databaseOf(t, flaw('1111'));
  let isClosed = false;
  const closed = () => {
    throw new Error('statement has been finalized');
  };
  // as a file that was closed: nothing can be read from it
  const replaced = new Proxy(older, {
    get: (of, name) => (isClosed ? closed() : of[name as keyof AdvisoryDatabase]),
  });
  yard.meddle((request) => {
    if (request.url.includes('/blobs/')) isClosed = true;
  });
  const by = { key: localSigner(newKey()) };
  const { result, attached } = await attestScan(image, image, {
    scan: {
      ...{ home: yard.home, limits: defaultLimits, clock: systemClock, maxDatabaseAge: 3650 },
      transport: { http: yard.http, home: yard.home },
    },
    database: () => (isClosed ? newer : replaced),
    attester: {
      ...{ by, services: { http: yard.http }, trusted: signerAuthority(by) },
      answers: { http: yard.http, roots: {}, now: Date.now() },
    },
    clock: systemClock,
  });
  assert.ok(isClosed);
  assert.deepEqual(
    result.findings.map(({ id }) => id),
    ['CVE-2026-2222'],
  );
  assert.equal(result.database?.revision, newer.revision);
  assert.equal(attached.length, 2);
});
