// The servers of keyless signing, real ones over plain HTTP: Fulcio, Rekor v2, the timestamp authority, and registries.
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Issuer } from './oidc.ts';
import { bin } from './peers.ts';
import { loosen, type Running, startProcess, startThread } from './sigstore/running.ts';

export { type Issuer, startIssuer } from './oidc.ts';
export { signingConfigOf, type TrustServers, trustedRootOf } from './sigstore/root.ts';

export interface Fulcio extends Running {
  /** PEM certificates, the issuing one first, the root last. */
  chain: string[];
  certificateLog: CertificateLog;
}

/** Stands in for a real log (which needs a database): it signs what it is shown and stores nothing. */
export interface CertificateLog extends Running {
  publicKey: KeyObject;
}

export interface Rekor extends Running {
  publicKey: KeyObject;
  /** First line of its checkpoints. */
  origin: string;
}

export interface TimestampAuthority extends Running {
  /** PEM certificates, the signing one first, the root last. */
  chain: string[];
}

export interface Registry extends Running {
  /** `127.0.0.1:PORT`, as references begin. */
  host: string;
}

/** An ephemeral CA that believes these issuers and puts a promise of its own certificate log into what it issues. */
export async function startFulcio({ issuers }: { issuers: Issuer[] }): Promise<Fulcio> {
  const certificateLog = await startCertificateLog();
  const { folder, drop } = workFolder('fulcio');
  const config = join(folder, 'config.json');
  const entries = issuers.map(({ url, kind }) => [
    url,
    {
      IssuerURL: url,
      ClientID: 'sigstore',
      Type: kind,
      ...(kind === 'uri' ? { SubjectDomain: new URL(url).origin } : {}),
    },
  ]);
  writeFileSync(config, JSON.stringify({ OIDCIssuers: Object.fromEntries(entries) }));
  const running = await startProcess({
    command: join(bin, 'fulcio'),
    ports: 3,
    args: ([http, grpc, metrics]) => [
      'serve',
      '--ca=ephemeralca',
      `--config-path=${config}`,
      `--ct-log-url=${certificateLog.url}`,
      '--host=127.0.0.1',
      `--port=${http}`,
      '--grpc-host=127.0.0.1',
      `--grpc-port=${grpc}`,
      `--metrics-port=${metrics}`,
      `--legacy-unix-domain-socket=${folder}/legacy.sock`,
    ],
    ready: '/api/v2/trustBundle',
  });
  const bundle = (await (await fetch(`${running.url}/api/v2/trustBundle`)).json()) as {
    chains: { certificates: string[] }[];
  };
  return {
    ...running,
    chain: bundle.chains[0]!.certificates,
    certificateLog,
    stop: async () => {
      await running.stop();
      await certificateLog.stop();
      drop();
    },
  };
}

async function startCertificateLog(): Promise<CertificateLog> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const running = await startThread(join(import.meta.dirname, 'sigstore', 'ctthread.ts'), {
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }),
  });
  return { ...running, publicKey };
}

/** Rekor v2 that keeps its tiles in a folder of its own; the folder goes when it stops. */
export async function startRekorTiles(kind: 'ed25519' | 'ecdsa' = 'ed25519'): Promise<Rekor> {
  const { folder, drop } = workFolder('rekor');
  const { publicKey, privateKey } =
    kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const origin = 'rekor.interop.example';
  const running = await startProcess({
    command: join(bin, 'rekor-server'),
    ports: 3,
    args: ([http, grpc, metrics]) => [
      'serve',
      `--hostname=${origin}`,
      `--http-port=${http}`,
      `--grpc-port=${grpc}`,
      `--http-metrics-port=${metrics}`,
      `--signer-filepath=${keyFile}`,
      `--storage-dir=${folder}/tiles`,
      '--checkpoint-interval=200ms',
      '--batch-max-age=50ms',
      '--log-level=error',
    ],
    ready: '/healthz',
  });
  return { ...running, publicKey, origin, stop: () => running.stop().then(drop) };
}

/**
 * With a signer in memory, made when it starts. One runs at a time on a machine (its metrics have a fixed port); a
 * second one waits for the first to stop.
 */
export async function startTimestampAuthority(): Promise<TimestampAuthority> {
  const running = await startProcess({
    command: join(bin, 'timestamp-server'),
    ports: 1,
    args: ([http]) => [
      'serve',
      '--host=127.0.0.1',
      `--port=${http}`,
      '--timestamp-signer=memory',
      '--disable-ntp-monitoring',
    ],
    ready: '/ping',
  });
  const pem = await (await fetch(`${running.url}/api/v1/timestamp/certchain`)).text();
  return { ...running, chain: pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [] };
}

/** go-containerregistry's registry, in memory. Without referrers it answers 404 and clients take the fallback tag. */
export async function startGgcrRegistry({ referrers }: { referrers: boolean }): Promise<Registry> {
  const child = spawn(join(bin, 'ggcr-registry'), [`-referrers=${referrers}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const host = await firstLine(child);
  loosen(child);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  return {
    host,
    url: `http://${host}`,
    stop: async () => {
      process.off('exit', kill);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (kill()) await gone;
    },
  };
}

/** Our own, in memory, with the referrers API. */
export async function startOwnRegistry(): Promise<Registry> {
  const running = await startThread(join(import.meta.dirname, 'sigstore', 'registrythread.ts'), {});
  return { ...running, host: new URL(running.url).host };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]!);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`expected an address, got: ${text}`)));
  });
}

function workFolder(name: string): { folder: string; drop: () => void } {
  const folder = mkdtempSync(join(tmpdir(), `seaworthy-${name}-`));
  return { folder, drop: () => rmSync(folder, { recursive: true, force: true }) };
}
