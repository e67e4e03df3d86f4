// Tests of the policy in force: what is read again, and what stays when a file is damaged.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { policyInForce } from './hubpolicy.ts';
import { createLog } from './log.ts';

const newKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });

test('another key in the file of a key is another policy; a damaged one changes nothing', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-policy-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const put = (name: string, text: string | Buffer) => {
    writeFileSync(join(dir, `${name}.new`), text);
    renameSync(join(dir, `${name}.new`), join(dir, name));
  };
  put('release.pub', newKey());
  const spec = {
    authorities: [{ name: 'release', key: { keys: [{ file: 'release.pub' }] } }],
    rules: [{ name: 'signed', signature: { by: ['release'] } }],
  };
  const head = { apiVersion: 'seaworthy.dev/v1alpha1', kind: 'ImagePolicy', metadata: { name: 'default' } };
  put('policy.yaml', JSON.stringify({ ...head, spec }));
  const policy = await policyInForce(join(dir, 'policy.yaml'), createLog('error', { write: () => {} }));
  const first = policy.current().hash;
  assert.equal(await policy.refresh(), false);
  put('release.pub', newKey());
  assert.equal(await policy.refresh(), true);
  const second = policy.current().hash;
  assert.notEqual(second, first);
  put('release.pub', 'no key');
  assert.equal(await policy.refresh(), false);
  assert.match(policy.trouble() ?? '', /key/);
  rmSync(join(dir, 'release.pub'));
  assert.equal(await policy.refresh(), false);
  assert.equal(policy.current().hash, second);
  put('release.pub', newKey());
  assert.equal(await policy.refresh(), true);
  assert.equal(policy.trouble(), undefined);
});
