// Verification: CPU of one keyless bundle beside @sigstore/verify in one run, requests of a cold look, and what a kept
// verdict costs. The bundle is a real one: Fulcio, Rekor v2 and a timestamp authority are started for it.
//   node bench/trust.ts [ROUNDS]      default: 9
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosign, keyless } from '../interop/cosign.ts';
import { peers, sh } from '../interop/peers.ts';
import { startRegistry } from '../interop/servers.ts';
import { pushed } from '../interop/sigstore/pushed.ts';
import {
  startFulcio,
  startGgcrRegistry,
  startIssuer,
  startRekorTiles,
  startTimestampAuthority,
  trustedRootOf,
} from '../interop/trustservers.ts';
import { openHome, systemClock } from '../src/core/index.ts';
import { createClient, type HttpClient } from '../src/net/index.ts';
import { gather } from '../src/trust/gather.ts';
import {
  createChecker,
  type ImagePolicy,
  parsePolicy,
  resolveImage,
  VerdictCache,
} from '../src/trust/index.ts';
import { noRevocationEvidence } from '../src/trust/notation/index.ts';
import { type VerifyTask, verifyEvidence } from '../src/trust/verify.ts';

const rounds = Number(process.argv[2] ?? 9);
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-trust-'));
const identity = 'bench@example.com';

const issuer = await startIssuer();
const [fulcio, rekor, timestamps, ggcr, docker] = await Promise.all([
  startFulcio({ issuers: [issuer] }),
  startRekorTiles(),
  startTimestampAuthority(),
  startGgcrRegistry({ referrers: true }),
  startRegistry(work),
]);
const servers = { fulcio, rekor, timestamps };
try {
  const trustedRoot = trustedRootOf(servers);
  const policy = await parsePolicy(
    JSON.stringify({
      apiVersion: 'seaworthy.dev/v1alpha1',
      kind: 'ImagePolicy',
      metadata: { name: 'bench' },
      spec: {
        roots: [{ name: 'own', file: 'root.json' }],
        authorities: [
          {
            name: 'release',
            keyless: { identities: [{ issuer: issuer.url, subject: identity }], root: 'own' },
          },
        ],
        rules: [{ name: 'signed', images: ['**'], signature: { by: ['release'], formats: ['bundle'] } }],
      },
    }),
    'policy.yaml',
    () => JSON.stringify(trustedRoot),
  );
  const references = [ggcr.host, docker.host].map((host) => signedOn(host));
  await compare(references[0]!, policy, trustedRoot);
  for (const [at, reference] of references.entries())
    await look(reference, policy, at === 0 ? 'referrers API' : 'fallback tag');
} finally {
  docker.process.kill();
  await Promise.all([issuer, fulcio, rekor, timestamps, ggcr].map((server) => server.stop()));
  rmSync(work, { recursive: true, force: true });
}

/** A new image, signed by cosign 3 without a key. */
function signedOn(host: string): string {
  const pinned = pushed(work, host, 'app');
  const by = keyless(work, servers, issuer);
  const token = issuer.token({ subject: 'bench', email: identity });
  cosign(3, work).must('sign', ...by.sign(token), pinned);
  return `${host}/app:v1`;
}

async function compare(reference: string, policy: ImagePolicy, trustedRoot: unknown): Promise<void> {
  const http = createClient();
  const image = await resolveImage(reference, { http });
  const { evidence } = await gather(image.place, image.digest, {
    formats: ['bundle'],
    predicateTypes: [],
  });
  const task: VerifyTask = {
    subject: { digest: image.digest, mediaType: image.mediaType, size: image.bytes.length },
    manifest: image.bytes,
    scope: reference,
    evidence,
    authorities: policy.authorities,
    roots: { own: JSON.stringify(trustedRoot) },
    revocation: noRevocationEvidence,
    now: Date.now(),
  };
  const [answer] = verifyEvidence(task);
  if (evidence.length !== 1 || answer?.ok !== true) throw new Error(JSON.stringify(answer));
  const theirs = sigstoreJs(trustedRoot, Buffer.from(evidence[0]!.payload).toString());
  theirs();
  const ours = () => void verifyEvidence(task);
  const [a = 0, b = 0] = interleaved(ours, theirs);
  process.stdout.write(
    `| one keyless bundle, Rekor v2 and timestamp | ms of CPU |\n|---|---|\n| seaworthy | ${a.toFixed(2)} |\n| @sigstore/verify 4.1.3 | ${b.toFixed(2)} |\n| ratio | ${(a / b).toFixed(2)} |\n`,
  );
  await http.close();
}

/** Medians of rounds that take turns, so that a busy machine is busy for both. */
function interleaved(...runs: (() => void)[]): number[] {
  const taken = runs.map((): number[] => []);
  for (let round = -1; round < rounds; round++)
    for (const [at, run] of runs.entries()) {
      const before = process.cpuUsage();
      for (let i = 0; i < 50; i++) run();
      const { user, system } = process.cpuUsage(before);
      // the first round warms up
      if (round >= 0) taken[at]!.push((user + system) / 1000 / 50);
    }
  return taken.map((all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)]!);
}

/** The library, installed beside the peers; parses the bundle each time, as we do, and the trusted root once. */
function sigstoreJs(trustedRoot: unknown, bundle: string): () => void {
  const folder = join(peers, 'sigstore-js');
  if (!existsSync(join(folder, 'node_modules', '@sigstore', 'verify')))
    sh(`mkdir -p "${folder}"; cd "${folder}"; npm init -y >/dev/null
      npm install --ignore-scripts --no-audit --no-fund @sigstore/verify@4.1.3 @sigstore/bundle@5.0.1 @sigstore/protobuf-specs@0.5.2 >&2`);
  const load = createRequire(join(folder, 'package.json'));
  const { Verifier, toSignedEntity, toTrustMaterial } = load('@sigstore/verify');
  const { bundleFromJSON } = load('@sigstore/bundle');
  const { TrustedRoot } = load('@sigstore/protobuf-specs');
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(trustedRoot)));
  const wanted = { subjectAlternativeName: identity, extensions: { issuer: issuer.url } };
  return () => verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle))), wanted);
}

/** Requests of the first check, and the time of one that is answered by the kept verdict. */
async function look(reference: string, policy: ImagePolicy, by: string): Promise<void> {
  const client = createClient();
  const requests: string[] = [];
  const http: HttpClient = {
    ...client,
    request: (request) => {
      requests.push(`${request.method ?? 'GET'} ${new URL(request.url).pathname}`);
      return client.request(request);
    },
  };
  const home = openHome(join(work, 'home'));
  const checker = createChecker({ http, home, clock: systemClock, cache: new VerdictCache() });
  const { verdict, image } = await checker.check({ reference, policy });
  if (verdict.decision !== 'allow') throw new Error(JSON.stringify(verdict));
  process.stdout.write(`\ncold check by the ${by}: ${requests.length} requests\n`);
  for (const request of requests) process.stdout.write(`  ${request}\n`);
  const pinned = { reference: `${reference.replace(':v1', '')}@${image!.digest}`, policy };
  await checker.check(pinned);
  requests.length = 0;
  const times: number[] = [];
  for (let i = 0; i < 5000; i++) {
    const started = performance.now();
    await checker.check(pinned);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  process.stdout.write(
    `kept verdict: ${times[2500]!.toFixed(4)} ms, ${times[4950]!.toFixed(4)} ms at the 99th percentile, ${requests.length} requests\n`,
  );
  await client.close();
}
