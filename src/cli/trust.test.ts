// Tests of the trust commands as a user runs them, against a registry of this process.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compiled } from '../testing/compiled.ts';
import { testRecord, writeFeed } from '../testing/feeds.ts';
import { type MadeImage, makeImage } from '../testing/images.ts';
import { openYard } from '../testing/yard.ts';

const launcher = fileURLToPath(new URL('../../bin/seaworthy.cjs', import.meta.url));

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

async function setting(t: TestContext) {
  const yard = await openYard(t);
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-trust-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) =>
    new Promise<Ran>((resolve) => {
      const env = {
        PATH: process.env['PATH'],
        SEAWORTHY_HOME: join(folder, 'home'),
        SEAWORTHY_PASSWORD: 'secret',
        DOCKER_CONFIG: folder,
        // each home is new, what V8 compiled need not be
        NODE_COMPILE_CACHE: compiled,
      };
      execFile(
        process.execPath,
        [launcher, ...args],
        { env, cwd: folder, maxBuffer: 1 << 28 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  /** Ends with this code, or the test shows what was said. */
  const must = async (code: number, ...args: string[]) => {
    const ran = await run(...args);
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`);
    return ran;
  };
  const write = (name: string, text: string) => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
    return name;
  };
  return { yard, folder, run, must, write, reference: `${yard.host}/team/app:v1` };
}

/** An image with one npm package of this version. */
function npmImage(version: string, architecture = 'amd64'): MadeImage {
  return makeImage({
    platform: { os: 'linux', architecture },
    layers: [[{ path: 'srv/node_modules/x/package.json', data: JSON.stringify({ name: 'x', version }) }]],
  });
}

const provenance = JSON.stringify({
  buildDefinition: { buildType: 'https://example.com/build/v1', externalParameters: {} },
  runDetails: { builder: { id: 'https://ci.example.com/builder' } },
});

const policy = (host: string) => `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicy
metadata:
  name: production
spec:
  registries: ["${host}/**"]
  authorities:
    - name: build
      key: { keys: [{ file: build.pub }] }
  rules:
    - name: signed
      signature: { by: [build] }
    - name: provenance
      attestation: { type: slsaprovenance1, by: [build], builder: https://ci.example.com/builder }
    - name: no-high
      vulnerabilities: { by: [build], severity: high, fixable: true, maxScanAge: 1d }
    - name: fresh
      mode: warn
      age: { max: 90d }
`;

test('sign and verify end with 0, 1, 2 and 3 for their reasons', async (t) => {
  const { yard, must, reference } = await setting(t);
  await yard.push('team/app', [makeImage()]);
  for (const name of ['build', 'other']) await must(0, 'keys', 'generate', '--output-prefix', name);
  const unsigned = await must(1, 'verify', reference, '--key', 'build.pub');
  assert.match(
    unsigned.stdout,
    /^refused .*no signature by anyone trusted\n {2}nothing of that kind lies beside the image\n$/,
  );
  await must(0, 'sign', reference, '--key', 'build.key');
  assert.match(
    (await must(0, 'verify', reference, '--key', 'build.pub')).stdout,
    /^verified .*\n {2}by key sha256:[0-9a-f]{64} \(bundle\)\n$/,
  );
  assert.match((await must(1, 'verify', reference, '--key', 'other.pub')).stdout, /key-unknown/);
  assert.match(
    (await must(2, 'verify', `${yard.host}/team/nothing:v1`, '--key', 'build.pub')).stderr,
    /image-not-found/,
  );
  yard.meddle((request, reply) => (request.url.includes('/referrers/') ? reply.code(500).send() : undefined));
  assert.match(
    (await must(3, 'verify', reference, '--key', 'build.pub')).stdout,
    /^undecided .*\n.*registry-failed/,
  );
});

test('verify as JSON says who signed, and why others did not count', async (t) => {
  const { yard, must, reference } = await setting(t);
  await yard.push('team/app', [makeImage()]);
  for (const name of ['build', 'other']) await must(0, 'keys', 'generate', '--output-prefix', name);
  for (const name of ['build', 'other']) await must(0, 'sign', reference, '--key', `${name}.key`);
  const { stdout } = await must(0, 'verify', reference, '--key', 'build.pub', '--format', 'json');
  const found = JSON.parse(stdout);
  assert.deepEqual([found.result, found.signed.length, found.rejected.length], ['verified', 1, 1]);
  assert.equal(found.rejected[0].code, 'key-unknown');
});

test('wrong options are refused before anything is asked', async (t) => {
  const { yard, must, reference, write } = await setting(t);
  await must(0, 'keys', 'generate', '--output-prefix', 'build');
  write('policy.yaml', policy(yard.host));
  for (const [said, ...args] of [
    ['expected --key, --identity with --issuer', 'verify', reference],
    ['expected --identity and --issuer together', 'verify', reference, '--identity', 'a@example.com'],
    ['expected a name', 'verify', reference, '--identity', '.', '--issuer', 'https://issuer.example.com'],
    ['expected a name', 'verify', reference, '--identity', '', '--issuer', 'https://issuer.example.com'],
    [
      'would let strangers in',
      'verify',
      reference,
      '--identity',
      '**',
      '--issuer',
      'https://issuer.example.com',
    ],
    [
      'would let strangers in',
      'verify',
      reference,
      '--identity',
      'https**',
      '--issuer',
      'https://issuer.example.com',
    ],
    ['expected --trust-store', 'verify', reference, '--trust-policy', 'build.pub'],
    ['got a private one', 'verify', reference, '--key', 'build.key'],
    ['expected --policy alone', 'verify', reference, '--key', 'build.pub', '--policy', 'policy.yaml'],
    ['or a URI', 'verify', reference, '--key', 'build.pub', '--type', 'sbom'],
    ['expected a key or an identity token', 'sign', reference],
    [
      'expected --key and --certificate-chain',
      'sign',
      reference,
      '--format',
      'notation-jws',
      '--key',
      'build.key',
    ],
    ['no file at build.key, got one', 'keys', 'generate', '--output-prefix', 'build'],
    ['expected --policy with --attest', 'scan', reference, '--policy', 'policy.yaml'],
    [
      'expected a destination with a tag or none',
      'promote',
      reference,
      `${yard.host}/prod/app@sha256:${'a'.repeat(64)}`,
      '--policy',
      'policy.yaml',
    ],
    ['each name once', 'check', reference, '--policy', 'policy.yaml', '--label', 'a=1,a=2'],
    ['expected a span of time', 'check', reference, '--policy', 'policy.yaml', '--wait', 'soon'],
    ['expected --mirror and --root together', 'trust', 'update', '--mirror', 'https://tuf.example.com'],
  ] as const) {
    const { stderr } = await must(2, ...args);
    assert.ok(stderr.includes(said), `${args.join(' ')}: ${stderr}`);
  }
  assert.deepEqual(yard.requests, []);
});

test('check fits a screen, prints the fix of each rule, and is allow once they were run', async (t) => {
  const { yard, folder, must, run, write, reference } = await setting(t);
  writeFeed(join(folder, 'osv'), 'npm', [
    testRecord('GHSA-x', 'npm', 'x', '2.0.0', {
      aliases: ['CVE-2024-0001'],
      modified: new Date().toISOString(),
      database_specific: { severity: 'HIGH' },
    }),
  ]);
  await must(0, 'db', 'update', '--from', 'osv', '--all', '--no-epss', '--no-kev');
  await must(0, 'keys', 'generate', '--output-prefix', 'build');
  write('policy.yaml', policy(yard.host));
  write('FILE', provenance);
  await yard.push('team/app', [npmImage('2.0.0')]);
  const denied = await must(1, 'check', reference, '--policy', 'policy.yaml');
  const lines = denied.stdout.trimEnd().split('\n');
  assert.ok(lines.length <= 24, denied.stdout);
  assert.ok(
    lines.every((line) => line.length <= 100),
    denied.stdout,
  );
  // one command a rule, as a reader copies it from the verdict
  const verdict = JSON.parse(
    (await must(1, 'check', reference, '--policy', 'policy.yaml', '--format', 'json')).stdout,
  );
  const commands = verdict.rules.flatMap((rule: { outcome: string; fix?: { command?: string } }) =>
    rule.outcome === 'failed' ? (rule.fix?.command ?? []) : [],
  );
  assert.equal(commands.length, 3, denied.stdout);
  for (const command of commands as string[]) {
    // a long command goes on behind a backslash, so that it can be copied as it stands
    assert.ok(
      denied.stdout.replaceAll('\\\n', '').includes(`$ ${command}\n`),
      `${command}\nin\n${denied.stdout}`,
    );
    const ran = await run(...command.split(' ').slice(1));
    assert.ok(ran.code === 0, `${command}\n${ran.stdout}${ran.stderr}`);
  }
  const allowed = await must(0, 'check', reference, '--policy', 'policy.yaml');
  assert.match(allowed.stdout, /^ALLOW/);
});

test('a vulnerable image is denied with its flaw and the version that mends it', async (t) => {
  const { yard, folder, must, write, reference } = await setting(t);
  writeFeed(join(folder, 'osv'), 'npm', [
    testRecord('GHSA-x', 'npm', 'x', '2.0.0', {
      aliases: ['CVE-2024-0001'],
      modified: new Date().toISOString(),
      database_specific: { severity: 'HIGH' },
    }),
  ]);
  await must(0, 'db', 'update', '--from', 'osv', '--all', '--no-epss', '--no-kev');
  await must(0, 'keys', 'generate', '--output-prefix', 'build');
  write('policy.yaml', policy(yard.host));
  write('p.json', provenance);
  await yard.push('team/app', [npmImage('1.0.0')]);
  await must(0, 'sign', reference, '--key', 'build.key');
  await must(
    0,
    'attest',
    reference,
    '--type',
    'slsaprovenance1',
    '--predicate',
    'p.json',
    '--key',
    'build.key',
  );
  await must(0, 'scan', reference, '--attest', '--key', 'build.key');
  const { stdout } = await must(1, 'check', reference, '--policy', 'policy.yaml');
  assert.match(stdout, /CVE-2024-0001/);
  assert.match(stdout, /2\.0\.0/);
  // a result given by file is judged as well, and nothing is scanned
  const { stdout: json } = await must(0, 'scan', reference, '--format', 'json');
  write('result.json', json);
  await must(1, 'check', reference, '--policy', 'policy.yaml', '--scan-result', 'result.json');
  const { stdout: verified } = await must(0, 'verify', reference, '--policy', 'policy.yaml');
  assert.doesNotMatch(verified, /CVE/, 'verify asks who signed, not what is in the image');
  await must(1, 'promote', reference, `${yard.host}/prod/app:v1`, '--policy', 'policy.yaml');
  await assert.rejects(yard.resolve(`${yard.host}/prod/app:v1`), { code: 'image-not-found' });
});

test('scan --attest covers every platform of an index, and a summary binds the rules', async (t) => {
  const { yard, folder, must, write, reference } = await setting(t);
  writeFeed(join(folder, 'osv'), 'npm', [
    testRecord('GHSA-y', 'npm', 'y', '2.0.0', { modified: new Date().toISOString() }),
  ]);
  await must(0, 'db', 'update', '--from', 'osv', '--all', '--no-epss', '--no-kev');
  await must(0, 'keys', 'generate', '--output-prefix', 'build');
  const text = (rules: string) =>
    policy(yard.host).replace(
      / {2}rules:[\s\S]*/,
      `  rules:\n    - name: clean\n      vulnerabilities: { ${rules}, maxScanAge: 1d }\n`,
    );
  write('policy.yaml', text('by: [build], summaryBy: [build], severity: high'));
  const index = await yard.push('team/app', [npmImage('1.0.0'), npmImage('1.0.1', 'arm64')]);
  const { stderr } = await must(
    0,
    'scan',
    reference,
    '--attest',
    '--policy',
    'policy.yaml',
    '--key',
    'build.key',
  );
  assert.equal(stderr.match(/^attested /gm)?.length, 2, stderr);
  if (index.manifest.kind !== 'index') throw new Error('expected an index');
  for (const { digest } of index.manifest.manifests) {
    const one = `${yard.host}/team/app@${digest}`;
    for (const type of ['cyclonedx', 'scan', 'vsa'])
      await must(0, 'verify', one, '--key', 'build.pub', '--type', type);
  }
  await must(0, 'check', reference, '--policy', 'policy.yaml');
  await must(0, 'check', reference, '--policy', 'policy.yaml', '--platform', 'linux/arm64');
  await must(2, 'check', reference, '--policy', 'policy.yaml', '--platform', 'linux/s390x');
  await must(2, 'scan', reference, '--attest', '--key', 'build.key', '--format', 'json');
});

test('promotion carries the image and its evidence, and says what keeps the digest it replaces', async (t) => {
  const { yard, must, write, reference } = await setting(t);
  await must(0, 'keys', 'generate', '--output-prefix', 'build');
  write('policy.yaml', policy(yard.host).replace(/ {4}- name: provenance[\s\S]*/, ''));
  await yard.push('team/app', [makeImage()]);
  await must(0, 'sign', reference, '--key', 'build.key');
  const target = `${yard.host}/prod/app:stable`;
  await must(0, 'promote', reference, target, '--policy', 'policy.yaml');
  await must(0, 'verify', target, '--key', 'build.pub');
  await yard.push('team/app', [makeImage({ labels: { two: '2' } })]);
  await must(0, 'sign', reference, '--key', 'build.key');
  assert.match(
    (await must(0, 'promote', reference, target, '--policy', 'policy.yaml')).stdout,
    /keeps the tag keep-sha256-/,
  );
});

test('check --wait follows an image until it is signed', async (t) => {
  const { yard, folder, run, must, write, reference } = await setting(t);
  await must(0, 'keys', 'generate', '--output-prefix', 'build');
  write('policy.yaml', policy(yard.host).replace(/ {4}- name: provenance[\s\S]*/, ''));
  const waiting = run('check', reference, '--policy', 'policy.yaml', '--wait', '60s');
  // asked for once in vain, then pushed and signed
  while (!yard.requests.some((line) => line.includes('/manifests/v1')))
    await new Promise((resolve) => setTimeout(resolve, 20));
  await yard.push('team/app', [makeImage()]);
  await must(0, 'sign', reference, '--key', 'build.key');
  const { code, stderr } = await waiting;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^waiting: /m);
  assert.ok(readFileSync(join(folder, 'build.pub'), 'utf8').includes('PUBLIC KEY'));
});

test('policy check names line and word, policy test runs the cases beside a policy', async (t) => {
  const { must, write } = await setting(t);
  write('policies/prod.yaml', policy('registry.example.com'));
  await must(0, 'keys', 'generate', '--output-prefix', 'policies/build');
  const cases = (expected: string) => `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicyTest
cases:
  - name: an unsigned image
    image: registry.example.com/team/app:1
    expect: ${expected}
`;
  write('policies/prod.test.yaml', cases('deny'));
  assert.match(
    (await must(0, 'policy', 'test', 'policies')).stdout,
    /✓ an unsigned image \(deny\)\n1 case passed/,
  );
  write('policies/prod.test.yaml', cases('allow'));
  assert.match((await must(1, 'policy', 'test', 'policies/prod.test.yaml')).stdout, /✗ an unsigned image/);
  write('policies/wrong.yaml', policy('registry.example.com').replace('signature:', 'signatur:'));
  const { stderr } = await must(2, 'policy', 'check', 'policies/wrong.yaml');
  assert.match(stderr, /policies\/wrong\.yaml:\d+:\d+: .*did you mean "signature"\?/);
  await must(2, 'policy', 'test', 'nowhere');
});

test('import-azure anchors what Azure Policy left open', async (t) => {
  const { must, write } = await setting(t);
  write('regex.txt', String.raw`^myacr\.azurecr\.io/.+$`);
  const { stdout } = await must(0, 'policy', 'import-azure', 'regex.txt');
  assert.match(stdout, /myacr\.azurecr\.io\/\*\*/);
  write('loose.txt', '.*');
  await must(2, 'policy', 'import-azure', 'loose.txt');
});
