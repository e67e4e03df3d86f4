import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createClient } from '../../net/index.ts';
import { listenHandler } from '../../testing/listen.ts';
import type { PipelineFault } from './fault.ts';
import { azureAuthorization, secretFrom } from './login.ts';

function file(context: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-login-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'secret'), text);
  return join(folder, 'secret');
}

const refused = (error: PipelineFault) => error.code === 'pipeline-login-refused';

test('a secret is read each time, and never shown where it is none', async (context) => {
  const path = file(context, 'one\n');
  assert.equal(await secretFrom(path), 'one');
  writeFileSync(path, 'two');
  assert.equal(await secretFrom(path), 'two');
  writeFileSync(path, 'secret\nof two lines');
  await assert.rejects(secretFrom(path), (error: PipelineFault) => {
    assert.doesNotMatch(error.message, /two lines/);
    return refused(error);
  });
  await assert.rejects(secretFrom(file(context, ' \n')), refused);
  await assert.rejects(secretFrom('/nowhere/secret'), refused);
});

test('a personal access token is the password of nobody', async (context) => {
  const http = createClient({ env: {} });
  context.after(() => http.close());
  const clock = { now: () => new Date(0) };
  const ask = azureAuthorization({ http, env: {}, clock, tokenFile: file(context, 'pat\n') });
  assert.equal(await ask(), `Basic ${Buffer.from(':pat').toString('base64')}`);
});

test('without one the machine’s identity is exchanged for a token of Azure DevOps, and kept for minutes', async (context) => {
  const forms: string[] = [];
  const authority = await listenHandler(async (request, response) => {
    forms.push((await request.toArray()).join(''));
    response.end(JSON.stringify({ access_token: `token-${forms.length}` }));
  }, context);
  const http = createClient({ env: {} });
  context.after(() => http.close());
  const time = { now: 0 };
  const ask = azureAuthorization({
    http,
    clock: { now: () => new Date(time.now) },
    env: {
      AZURE_AUTHORITY_HOST: `http://${authority}`,
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_ID: 'client',
      AZURE_CLIENT_SECRET: 'secret',
    },
  });
  assert.deepEqual([await ask(), await ask()], ['Bearer token-1', 'Bearer token-1']);
  time.now += 6 * 60_000;
  assert.equal(await ask(), 'Bearer token-2');
  assert.equal(new URLSearchParams(forms[0]).get('scope'), '499b84ac-1321-427f-aa17-267ca6975798/.default');
});
