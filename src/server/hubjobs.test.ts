import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/index.ts';
import type { LeasedJob, Write } from '../ledger/index.ts';
import {
  dependentsOf,
  type LineageTables,
  lineageBook,
  recordBase,
  recordSighting,
} from '../lineage/index.ts';
import { createClient, type HttpClient } from '../net/index.ts';
import { makeImage } from '../testing/images.ts';
import { testLedgers } from '../testing/ledgers.ts';
import { listenHandler } from '../testing/listen.ts';
import { anonymous, openRegistry } from '../transport/index.ts';
import { type WatchTables, watchBook, watchTags } from '../watch/index.ts';
import { hubHandlers, jobs } from './hubjobs.ts';
import type { HubParts } from './hubparts.ts';
import { createLog } from './log.ts';

for (const ledgers of testLedgers())
  test(`a tag that its registry says is gone stands for nothing any more; one whose registry is away still does (${ledgers.dialect})`, async (t) => {
    const ledger = await ledgers.open(t, { books: [lineageBook, watchBook] });
    let answer = 503;
    const domain = await listenHandler((request, response) => {
      if (answer === 0) request.socket.destroy();
      else response.writeHead(answer).end();
    }, t);
    const client = createClient({});
    t.after(() => client.close());
    const http: HttpClient = {
      ...client,
      request: (request) => client.request({ ...request, retries: 0 }),
    };
    const base = makeImage({ layers: [[{ path: 'a', data: 'a' }]] });
    const app = makeImage({ layers: [[{ path: 'a', data: 'a' }], [{ path: 'b', data: 'b' }]] });
    const seen = (name: string, image: typeof app) => ({
      repository: `${domain}/${name}`,
      tag: '1',
      digest: image.descriptor.digest,
      platforms: [{ digest: image.descriptor.digest, manifest: image.bytes, config: image.config }],
      isBase: name === 'base',
    });
    await ledger.write<LineageTables & WatchTables, void>(async (write) => {
      const lineage = write as unknown as Write<LineageTables>;
      await recordSighting(lineage, seen('base', base), 1);
      await recordSighting(lineage, seen('app', app), 1);
      await recordBase(lineage, app.descriptor.digest, {
        kind: 'base',
        references: [`${domain}/base:1`],
        digest: base.descriptor.digest,
        platformDigest: base.descriptor.digest,
        layers: 1,
        by: ['layers'],
        claims: [],
      });
      const watch = write as unknown as Write<WatchTables>;
      await watchTags(watch, [`${domain}/app:1`], 'image');
      await watch.updateTable('watch_tags').set({ digest: app.descriptor.digest }).execute();
    });
    const said: string[] = [];
    const parts = {
      ledger,
      config: {},
      clock: systemClock,
      log: createLog('info', { write: (text) => said.push(text) }),
      registryOf: (name: string) => openRegistry(name, { http, credentials: anonymous }),
    } as unknown as HubParts;
    const look = () =>
      hubHandlers(parts)[jobs.poll]!({ payload: { reference: `${domain}/app:1` } } as unknown as LeasedJob);
    const standing = async () =>
      (await dependentsOf(ledger.read(), { reference: `${domain}/base:1` })).images.map(
        ({ reference }) => reference,
      );
    for (answer of [503, 0, 401, 403, 500]) {
      await look();
      assert.deepEqual(await standing(), [`${domain}/app:1`], String(answer));
    }
    answer = 404;
    await look();
    assert.deepEqual(await standing(), []);
    assert.match(said.join(''), /a tag is gone/);
  });
