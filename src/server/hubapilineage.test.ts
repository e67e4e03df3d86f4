import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ledger } from '../ledger/index.ts';
import {
  basesUnder,
  claimsOf,
  type LineageTables,
  lineageBook,
  lineageOf,
  recordBase,
  recordSighting,
} from '../lineage/index.ts';
import { type MadeImage, makeImage } from '../testing/images.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { lineageAnswer } from './hubapilineage.ts';
import type { HubParts } from './hubparts.ts';

const made = (layers: string, base?: string, author = '') =>
  makeImage({
    layers: [...layers].map((name) => [{ path: name, data: name }]),
    config: { author },
    ...(base === undefined ? {} : { annotations: { 'org.opencontainers.image.base.name': base } }),
  });

/** Seen under the name, as a server looks into it. */
async function see(ledger: Ledger, name: string, image: MadeImage, isBase = false): Promise<string> {
  const { digest } = image.descriptor;
  const [repository = '', tag = ''] = `r.example/${name}`.split(':');
  const platforms = [{ digest, manifest: image.bytes, config: image.config }];
  const { annotations = {} } = JSON.parse(image.bytes.toString()) as { annotations?: Record<string, string> };
  const sources = { annotations, labels: {}, provenance: [] };
  await ledger.write<LineageTables, void>(async (write) => {
    await recordSighting(write, { repository, tag, digest, platforms, isBase }, 1);
    const references = claimsOf(sources).flatMap(({ reference }) => reference ?? []);
    const bases = await basesUnder(write, { diffIds: image.diffIds, references });
    const facts = { digest, repository, diffIds: image.diffIds, ...sources };
    await recordBase(write, digest, lineageOf(facts, bases));
  });
  return digest;
}

for (const ledgers of testLedgers())
  test(`lineage by the API: down to the ground, up to what stands on it, and what nobody can tell (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [lineageBook] });
    const parts = { ledger } as HubParts;
    const old = await see(ledger, 'debian:12', made('ab'), true);
    const python = await see(ledger, 'python:3', made('abc', 'r.example/debian:12'), true);
    const app = await see(ledger, 'app:1', made('abcx', 'r.example/python:3'));
    await see(ledger, 'debian:12', made('AB'), true);

    const above = await lineageAnswer(parts, 'r.example/app:1');
    assert.deepEqual(above.platforms, [
      {
        platform: 'linux/amd64',
        digest: app,
        platformDigest: app,
        layers: 4,
        state: 'base',
        bases: [
          {
            references: ['r.example/python:3'],
            platformDigest: python,
            layers: 3,
            by: ['annotation', 'layers'],
          },
          {
            references: ['r.example/debian:12'],
            platformDigest: old,
            layers: 2,
            by: ['annotation', 'layers'],
          },
        ],
        candidates: [],
        claims: [{ by: 'annotation', state: 'proven', reference: 'r.example/python:3' }],
      },
    ]);
    const below = async (image: string) =>
      (await lineageAnswer(parts, image)).dependents.map(({ reference, level, isCurrent }) => [
        reference.slice(10),
        level,
        isCurrent,
      ]);
    assert.deepEqual(await below('r.example/python:3'), [['app:1', 1, true]]);
    const onOld = [
      ['python:3', 1, false],
      ['app:1', 2, undefined],
    ];
    assert.deepEqual(await below('r.example/debian:12'), onOld, 'what stands on an earlier digest');
    assert.deepEqual(await below(`r.example/debian@${old}`), [['python:3', 1, true], onOld[1]]);

    // two bases of the same layers, and an image that names neither; one that lies
    await see(ledger, 'one:1', made('pq', undefined, '1'), true);
    await see(ledger, 'two:1', made('pq', undefined, '2'), true);
    await see(ledger, 'torn:1', made('pqx'));
    const [torn] = (await lineageAnswer(parts, 'r.example/torn:1')).platforms;
    assert.equal(torn?.state, 'ambiguous');
    assert.deepEqual(torn?.candidates.flatMap(({ references }) => references).sort(), [
      'r.example/one:1',
      'r.example/two:1',
    ]);
    await see(ledger, 'liar:1', made('zx', 'r.example/python:3'));
    const [liar] = (await lineageAnswer(parts, 'r.example/liar:1')).platforms;
    assert.deepEqual([liar?.state, liar?.claims[0]?.state, liar?.bases], ['unknown', 'disproven', []]);
    assert.match(liar?.why ?? '', /whose layers are not its lowest/);

    await see(ledger, 'early:1', made('mnx'));
    await see(ledger, 'late:1', made('mn'), true);
    const [early] = (await lineageAnswer(parts, 'r.example/early:1')).platforms;
    assert.equal(early?.state, 'unknown');
    assert.match(early?.why ?? '', /was seen later/);
    for (const nobody of ['r.example/none:1', `r.example/app@sha256:${'0'.repeat(64)}`])
      await assert.rejects(lineageAnswer(parts, nobody), { status: 404, code: 'image-not-found' });
    await assert.rejects(lineageAnswer(parts, 'NOT A NAME'), { status: 400 });
  });
