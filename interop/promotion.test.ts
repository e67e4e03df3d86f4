// The whole way of an image with real clients: built by buildah, pushed to docker-registry, scanned, attested, signed,
// checked, promoted to a second registry, and checked there from its evidence alone, the first registry stopped.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cosign } from './cosign.ts';
import { sh } from './peers.ts';
import { type Ran, seaworthy, updatedDatabase } from './seaworthy.ts';
import { startRegistry } from './servers.ts';

process.env['SEAWORTHY_PASSWORD'] = 'secret';
const work = mkdtempSync(join(tmpdir(), 'seaworthy-promotion-'));
const path = (name: string) => join(work, name);
let development: { host: string; process: ChildProcess };
let production: { host: string; process: ChildProcess };

before(async () => {
  mkdirSync(path('development'));
  mkdirSync(path('production'));
  [development, production] = await Promise.all([
    startRegistry(path('development')),
    startRegistry(path('production')),
  ]);
});
after(() => {
  development.process.kill();
  production.process.kill();
  rmSync(work, { recursive: true, force: true });
});

function must(code: number, ...args: string[]): Ran {
  const ran = seaworthy(...args);
  assert.equal(ran.code, code, `seaworthy ${args.join(' ')}\n${ran.stdout}${ran.stderr}`);
  return ran;
}

/** An image of one Debian package, of this version, by a Dockerfile. */
function built(version: string): string {
  const context = mkdtempSync(join(work, 'context-'));
  mkdirSync(join(context, 'root/etc'), { recursive: true });
  mkdirSync(join(context, 'root/var/lib/dpkg'), { recursive: true });
  writeFileSync(
    join(context, 'root/etc/os-release'),
    'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
  );
  const status = `Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\nSource: zlib\n`;
  writeFileSync(join(context, 'root/var/lib/dpkg/status'), status);
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM scratch\nCOPY root /\nLABEL org.opencontainers.image.title=app\n',
  );
  const store = `--storage-driver vfs --root ${path('store')} --runroot ${path('run')}`;
  const name = `${development.host}/team/app:1.0`;
  sh(`buildah ${store} bud --isolation chroot -q -t ${name} ${context} >&2
    buildah ${store} push -q --tls-verify=false ${name} docker://${name} >&2`);
  return name;
}

const provenance = JSON.stringify({
  buildDefinition: {
    buildType: 'https://example.com/buildah/v1',
    externalParameters: {},
    resolvedDependencies: [
      { uri: 'git+https://git.example.com/team/app', digest: { gitCommit: 'a'.repeat(40) } },
    ],
  },
  runDetails: { builder: { id: 'https://ci.example.com/builder' } },
});

function policy(): string {
  // the shared records are of one day; how old they may be is not what this test is about
  const text = `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicy
metadata:
  name: production
spec:
  registries: ["${development.host}/team/**", "${production.host}/prod/**"]
  authorities:
    - name: build
      key: { keys: [{ file: build.pub }] }
    - name: scanner
      key: { keys: [{ file: scanner.pub }] }
  rules:
    - name: signed
      signature: { by: [build], formats: [bundle] }
    - name: provenance
      attestation: { type: slsaprovenance1, by: [build], builder: https://ci.example.com/builder }
    - name: sbom
      attestation: { type: cyclonedx, by: [scanner] }
    - name: no-high
      vulnerabilities: { by: [scanner], summaryBy: [scanner], severity: low, fixable: true, maxScanAge: 1d, maxDatabaseAge: 3650d }
    - name: fresh
      age: { max: 30d }
`;
  writeFileSync(path('policy.yaml'), text);
  return path('policy.yaml');
}

test('build, push, scan, attest, sign, check, promote, and check again with the first registry gone', async () => {
  updatedDatabase();
  for (const name of ['build', 'scanner']) must(0, 'keys', 'generate', '--output-prefix', path(name));
  writeFileSync(path('provenance.json'), provenance);
  const rules = policy();

  const name = built('1:1.2.11.dfsg-1');
  const target = `${production.host}/prod/app:1.0`;
  const scanning = [
    'scan',
    name,
    '--attest',
    '--policy',
    rules,
    '--key',
    path('scanner.key'),
    '--max-db-age',
    '3650',
  ];
  const attesting = [
    'attest',
    name,
    '--type',
    'slsaprovenance1',
    '--predicate',
    path('provenance.json'),
    '--key',
    path('build.key'),
  ];
  must(1, 'check', name, '--policy', rules);
  must(0, ...scanning);
  must(0, ...attesting);
  must(0, 'sign', name, '--key', path('build.key'));
  const vulnerable = must(1, 'check', name, '--policy', rules);
  assert.match(vulnerable.stdout, /CVE-\d+-\d+/, 'a real flaw of this zlib is named');
  must(1, 'promote', name, target, '--policy', rules);

  // the mended one, built again under the same tag
  built('1:99');
  must(1, 'check', name, '--policy', rules);
  must(0, ...scanning);
  must(0, ...attesting);
  must(0, 'sign', name, '--key', path('build.key'));
  const allowed = must(0, 'check', name, '--policy', rules);
  assert.match(allowed.stdout, /^ALLOW/);
  assert.ok(allowed.stdout.trimEnd().split('\n').length <= 24, allowed.stdout);
  const promoted = must(0, 'promote', name, target, '--policy', rules);
  assert.match(promoted.stdout, /promoted/);

  const stopped = once(development.process, 'exit');
  development.process.kill();
  await stopped;
  const there = must(0, 'check', target, '--policy', rules, '--format', 'json');
  const verdict = JSON.parse(there.stdout);
  assert.equal(verdict.decision, 'allow');
  assert.ok(promoted.stdout.includes(verdict.digest), 'the same digest');
  cosign(3, work).must('verify', `--key=${path('build.pub')}`, '--insecure-ignore-tlog=true', target);
  must(0, 'verify', target, '--key', path('scanner.pub'), '--type', 'vsa');
  must(2, 'check', name, '--policy', rules);
});
