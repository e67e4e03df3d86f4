// Azure's registries are entered with an Azure identity, by their exact names, for as long as the token lasts.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createClient, type HttpClient } from '../../net/index.ts';
import { listenHandler } from '../../testing/listen.ts';
import { azureCredentials } from './azure.ts';

let http: HttpClient;
let folder: string;

before(() => {
  http = createClient({ env: {}, sleep: async () => {} });
  folder = mkdtempSync(join(tmpdir(), 'seaworthy-azure-'));
});
after(async () => {
  rmSync(folder, { recursive: true });
  await http.close();
});

describe('Azure Container Registry', () => {
  async function stand(
    t: TestContext,
  ): Promise<{ base: URL; seen: [string, URLSearchParams, string | undefined][] }> {
    const seen: [string, URLSearchParams, string | undefined][] = [];
    const host = await listenHandler(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const url = new URL(request.url ?? '', 'http://x');
      seen.push([
        url.pathname,
        new URLSearchParams(body || url.search),
        request.headers['metadata'] as string | undefined,
      ]);
      response.end(
        JSON.stringify(
          url.pathname === '/oauth2/exchange' ? { refresh_token: 'acr' } : { access_token: 'aad' },
        ),
      );
    }, t);
    return { base: new URL(`http://${host}`), seen };
  }

  test('takes a service principal’s token in exchange for its own', async (t) => {
    const { base, seen } = await stand(t);
    const env = {
      AZURE_CLIENT_ID: 'id',
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_SECRET: 'secret',
      AZURE_AUTHORITY_HOST: base.href,
    };
    const credentials = azureCredentials({ http, env, exchangeBase: () => base });
    assert.deepEqual(await credentials('mine.azurecr.io'), { kind: 'identity', token: 'acr' });
    await credentials('mine.azurecr.io');
    assert.deepEqual(
      seen.map(([path]) => path),
      ['/tenant/oauth2/v2.0/token', '/oauth2/exchange'],
    );
    assert.deepEqual(Object.fromEntries(seen[0]?.[1] ?? []), {
      grant_type: 'client_credentials',
      scope: 'https://containerregistry.azure.net/.default',
      client_id: 'id',
      client_secret: 'secret',
    });
    assert.deepEqual(Object.fromEntries(seen[1]?.[1] ?? []), {
      grant_type: 'access_token',
      service: 'mine.azurecr.io',
      access_token: 'aad',
      tenant: 'tenant',
    });
  });

  test('takes a workload identity’s, a managed identity’s and a given token', async (t) => {
    const { base, seen } = await stand(t);
    const file = join(folder, 'federated');
    writeFileSync(file, 'jwt\n');
    const exchangeBase = (): URL => base;
    const workload = {
      AZURE_CLIENT_ID: 'id',
      AZURE_TENANT_ID: 'tenant',
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_AUTHORITY_HOST: base.href,
    };
    await azureCredentials({ http, env: workload, exchangeBase })('a.azurecr.cn');
    assert.equal(seen[0]?.[1].get('client_assertion'), 'jwt');
    assert.equal(seen[0]?.[1].get('scope'), 'https://containerregistry.azure.cn/.default');
    await azureCredentials({
      http,
      env: {},
      exchangeBase,
      metadataUrl: `${base.href}metadata/identity/oauth2/token`,
    })('a.azurecr.us');
    assert.deepEqual(
      [seen[2]?.[2], seen[2]?.[1].get('resource')],
      ['true', 'https://containerregistry.azure.us'],
    );
    await azureCredentials({ http, env: { AZURE_ACCESS_TOKEN: 'given' }, exchangeBase })('a.azurecr.io');
    assert.equal(seen[4]?.[1].get('access_token'), 'given');
  });

  test('is exchanged again before it ends, and after a failure at once', async (t) => {
    const start = Date.parse('2026-11-01T00:00:00Z');
    let now = start;
    let given: string | undefined;
    let asked = 0;
    const host = await listenHandler((_request, response) => {
      asked++;
      if (given === undefined) response.statusCode = 403;
      response.end(JSON.stringify({ refresh_token: given }));
    }, t);
    const ending = (ms: number) =>
      `x.${Buffer.from(JSON.stringify({ exp: ms / 1000 })).toString('base64url')}.y`;
    const credentials = azureCredentials({
      http,
      env: { AZURE_ACCESS_TOKEN: 'given' },
      clock: { now: () => new Date(now) },
      exchangeBase: () => new URL(`http://${host}`),
    });
    await assert.rejects(credentials('a.azurecr.io'), { code: 'auth-required' });
    given = ending(start + 1_800_000);
    const first = { kind: 'identity', token: given };
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => credentials('a.azurecr.io'))), [
      first,
      first,
      first,
    ]);
    assert.equal(asked, 2, 'those who ask at once wait for one');
    given = 'no token that says when it ends';
    now = start + 1_499_999;
    assert.deepEqual(await credentials('a.azurecr.io'), first);
    now = start + 1_500_000;
    assert.deepEqual(
      await credentials('a.azurecr.io'),
      { kind: 'identity', token: given },
      'five minutes early',
    );
    given = 'the next';
    now += 3_599_999;
    assert.notDeepEqual(await credentials('a.azurecr.io'), { kind: 'identity', token: given });
    now += 1;
    assert.deepEqual(await credentials('a.azurecr.io'), { kind: 'identity', token: given });
    assert.equal(asked, 4);
  });

  test('is only what ends in its own names', async () => {
    const credentials = azureCredentials({
      http,
      env: { AZURE_ACCESS_TOKEN: 'secret' },
      exchangeBase: () => assert.fail('asked'),
    });
    for (const domain of [
      'azurecr.io',
      'a.azurecr.io.evil.test',
      'evil-azurecr.io',
      'a.azurecr.io:443',
      'a.azurecr.com',
      'x/a.azurecr.io',
    ])
      assert.equal(await credentials(domain), undefined);
  });

  test('on a machine without identity is entered anonymously', async () => {
    assert.equal(
      await azureCredentials({ http, env: {}, metadataUrl: 'http://127.0.0.1:1/' })('a.azurecr.io'),
      undefined,
    );
  });
});
