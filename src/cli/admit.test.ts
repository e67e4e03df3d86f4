// Tests of agent and admit without a cluster: manifests in, what kubectl would say out.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compiled } from '../testing/compiled.ts';
import { makeImage } from '../testing/images.ts';
import { deploymentOf, podOf } from '../testing/reviews.ts';
import { newKey, openYard } from '../testing/yard.ts';
import { publicPem } from '../trust/key/index.ts';

const launcher = fileURLToPath(new URL('../../bin/seaworthy.cjs', import.meta.url));

async function setting(context: TestContext) {
  const yard = await openYard(context);
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-admit-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const key = newKey();
  const pem = publicPem(createPublicKey(key));
  const policy = {
    apiVersion: 'seaworthy.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'laptop' },
    spec: {
      registries: [`${yard.host}/**`],
      authorities: [{ name: 'build', key: { keys: [{ pem }] } }],
      rules: [{ name: 'signed', signature: { by: ['build'] } }],
    },
  };
  writeFileSync(join(folder, 'policy.yaml'), JSON.stringify(policy));
  const env = {
    PATH: process.env['PATH'],
    SEAWORTHY_HOME: join(folder, 'home'),
    DOCKER_CONFIG: folder,
    NODE_COMPILE_CACHE: compiled,
  };
  const agent = spawn(
    process.execPath,
    [launcher, 'agent', '--policy', 'policy.yaml', '--mutate', '--port', '0', '--health-port', '0'],
    { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  context.after(async () => {
    agent.kill('SIGTERM');
    if (agent.exitCode === null) await once(agent, 'exit');
  });
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    agent.once('exit', () => reject(new Error(`the agent ended: ${log}`)));
    agent.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const said = /"url":"([^"]+)"/.exec(log)?.[1];
      if (said !== undefined) resolve(said);
    });
  });
  const admit = (objects: readonly unknown[], ...args: string[]) => {
    writeFileSync(
      join(folder, 'manifest.yaml'),
      objects.map((object) => JSON.stringify(object)).join('\n---\n'),
    );
    return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [launcher, 'admit', 'manifest.yaml', '--agent', url, ...args],
        { cwd: folder, env },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  };
  return { yard, key, admit };
}

test('an agent without a cluster admits the signed image by its digest and refuses the unsigned one', async (context) => {
  const { yard, key, admit } = await setting(context);
  const good = await yard.push('team/good', [makeImage({ labels: { a: 'good' } })]);
  await yard.sign(good, key);
  await yard.push('team/bad', [makeImage({ labels: { a: 'bad' } })]);
  const [goodTag, badTag] = [`${yard.host}/team/good:v1`, `${yard.host}/team/bad:v1`];

  const admitted = await admit([podOf(goodTag), deploymentOf(goodTag)]);
  assert.equal(admitted.code, 0, admitted.stderr);
  assert.match(admitted.stdout, new RegExp(`pod/p admitted\\n {2}digest put in: ${goodTag}@${good.digest}`));
  assert.match(admitted.stdout, /Warning: .* is a tag, now sha256:/);
  assert.match(admitted.stdout, /deployment\/web admitted/);

  const refused = await admit([podOf(goodTag), podOf(badTag)]);
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /pod\/p admitted/);
  assert.match(refused.stdout, /denied the request: policy laptop refuses the image: signed: no signature/);
  assert.equal((await admit([podOf(badTag)], '--audit')).code, 0);
});

test('what is no manifest, and an agent that is not there, say what to do', async (context) => {
  const { admit } = await setting(context);
  const nothing = await admit([]);
  assert.equal(nothing.code, 2);
  assert.match(nothing.stderr, /expected Kubernetes objects/);
  const nobody = await admit([podOf('x')], '--agent', 'https://127.0.0.1:1');
  assert.equal(nobody.code, 2);
  assert.match(nobody.stderr, /seaworthy agent --policy FILE/);
});
