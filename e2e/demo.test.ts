// The demo with a real cluster: its applications run there, are moved by rollout, and nothing of it stays.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually, kubectl } from './kubectl.ts';
import { authorityFile, nodeAddress, serverCertificate } from './place.ts';

const work = mkdtempSync(join(tmpdir(), 'seaworthy-e2e-demo-'));
const namespace = 'seaworthy-demo';
after(() => {
  kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
  rmSync(work, { recursive: true, force: true });
});

test('three applications run old digests, then the renewed ones, in a namespace that goes with the demo', async () => {
  const context = kubectl(['config', 'current-context']).text.trim();
  const host = nodeAddress();
  const { cert, key } = serverCertificate([host]);
  writeFileSync(join(work, 'tls.crt'), cert);
  writeFileSync(join(work, 'tls.key'), key, { mode: 0o600 });
  const program = join(import.meta.dirname, '..', 'bin', 'seaworthy.cjs');
  const place = ['--context', context, '--registry', `${host}:5449`];
  const tls = ['--tls-cert', join(work, 'tls.crt'), '--tls-key', join(work, 'tls.key')];
  const started = performance.now();
  const story = execFileSync(
    process.execPath,
    [program, '--ca-file', authorityFile, 'demo', ...place, ...tls],
    { encoding: 'utf8', timeout: 300_000, env: { ...process.env, TMPDIR: work } },
  );
  process.stdout.write(
    `# the demo in a cluster took ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
  );
  assert.match(story, /CVE-2023-4863: 3 workloads → 0 in /);
  for (const name of ['shop', 'web', 'api']) {
    const runs = [...story.matchAll(new RegExp(`^ {2}deployment/${name} runs (.*)$`, 'gm'))].map(
      ([, image]) => image!,
    );
    assert.equal(runs.length, 2, story);
    const [before, now] = runs.map((image) => /^\S+\/team\/\w+:1@(sha256:[0-9a-f]{64})$/.exec(image)?.[1]);
    assert.ok(before !== undefined && now !== undefined && before !== now, `${name}: ${runs.join(' → ')}`);
    const renewed = new RegExp(`^ {2}${name} +done +rebase \\w+ → (\\w{12})`, 'm').exec(story)?.[1];
    assert.equal(now.slice(7, 19), renewed, 'what its renewal made');
  }
  await eventually('the namespace is gone', () => !kubectl(['get', 'namespace', namespace]).ok, 60_000);
});
