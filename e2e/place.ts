// Where the e2e suites run: a real cluster, and a registry by TLS that its nodes and the agent trust.
// Any cluster: KUBECONFIG, with E2E_REGISTRY=HOST/PREFIX (and E2E_REGISTRY_CA=FILE) that nodes and pods can reach.
import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { answering } from '../interop/servers.ts';
import { type Holder, makeHolder, makeRoot } from '../src/testing/x509.ts';
import {
  basicConstraints,
  certificatePem,
  dnsNames,
  extendedKeyUsage,
  keyUsage,
  parseCertificates,
  purposes,
} from '../src/trust/certificate/index.ts';

/** Kept between runs, outside the checkout: the nodes trust it. */
export const authorityFile = join(homedir(), '.cache', 'seaworthy-e2e', 'ca.crt');
const authorityKey = join(homedir(), '.cache', 'seaworthy-e2e', 'ca.key');

/** The node's address: the first that is none of this machine's own. */
export function nodeAddress(): string {
  const text = execFileSync('hostname', ['-I'], { encoding: 'utf8' }).trim().split(/\s+/)[0];
  if (text === undefined || text === '')
    throw new Error(`expected an address, got ${Object.keys(networkInterfaces())}`);
  return text;
}

/** An authority that this machine trusts from now on: containerd takes the system's. Before the cluster starts. */
export function trustAuthority(): void {
  if (!existsSync(authorityFile) || !existsSync(authorityKey)) {
    mkdirSync(join(homedir(), '.cache', 'seaworthy-e2e'), { recursive: true });
    const year = 365 * 86_400_000;
    const root = makeRoot('CN=seaworthy e2e', { notAfter: Date.now() + year });
    writeFileSync(authorityKey, root.key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(authorityFile, certificatePem({ raw: root.certificate }));
  }
  const place = '/usr/local/share/ca-certificates/seaworthy-e2e.crt';
  if (existsSync(place) && readFileSync(place, 'utf8') === readFileSync(authorityFile, 'utf8')) return;
  mkdirSync('/usr/local/share/ca-certificates', { recursive: true });
  writeFileSync(place, readFileSync(authorityFile));
  execFileSync('update-ca-certificates', { stdio: 'ignore' });
}

/** Certificate and key, PEM, for this machine's address. */
export function serverCertificate(names: readonly string[]): { cert: string; key: string } {
  const [ca] = parseCertificates(readFileSync(authorityFile, 'utf8'));
  const issuer: Holder = {
    certificate: Buffer.from(ca!.raw),
    key: createPrivateKey(readFileSync(authorityKey, 'utf8')),
    subject: ca!.subject,
  };
  const leaf = makeHolder('CN=registry', issuer, {
    notAfter: Date.now() + 30 * 86_400_000,
    extensions: [
      basicConstraints(false),
      keyUsage([0]),
      extendedKeyUsage([purposes.serverAuth]),
      dnsNames(names),
    ],
  });
  return {
    cert: certificatePem({ raw: leaf.certificate }),
    key: leaf.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

export interface TestRegistry {
  /** `HOST:PORT`, or `HOST:PORT/PREFIX` of a registry that was given. */
  prefix: string;
  /** Starts it again where it was, with what it held. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The registry of this run, which nodes and agent trust: `HOST:PORT` or `HOST/PREFIX`. */
export function registryPrefix(): string {
  const prefix = process.env['E2E_REGISTRY'] ?? process.env['E2E_TLS_REGISTRY'];
  if (prefix === undefined) throw new Error('expected E2E_TLS_REGISTRY, got none: run `npm run e2e`');
  return prefix;
}

export interface TlsRegistryOptions {
  /** docker-registry, or Distribution 3, which is started the same way; `ours`: our own. */
  program?: string;
  /** Nobody reads without these. */
  login?: { username: string; password: string };
}

/** A registry by TLS on the node's address, with a certificate that its nodes trust. */
export async function startTlsRegistry(
  work: string,
  port: number,
  { program = 'docker-registry', login }: TlsRegistryOptions = {},
): Promise<TestRegistry> {
  const host = nodeAddress();
  mkdirSync(work, { recursive: true });
  const { cert, key } = serverCertificate([host, 'localhost', '127.0.0.1']);
  writeFileSync(join(work, 'tls.crt'), cert);
  writeFileSync(join(work, 'tls.key'), key, { mode: 0o600 });
  writeFileSync(
    join(work, 'config.yml'),
    JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(work, 'data') }, delete: { enabled: true } },
      http: {
        addr: `${host}:${port}`,
        tls: { certificate: join(work, 'tls.crt'), key: join(work, 'tls.key') },
      },
      log: { level: 'error' },
      ...(login === undefined ? {} : { auth: { htpasswd: { realm: 'e2e', path: join(work, 'htpasswd') } } }),
    }),
  );
  if (login !== undefined)
    writeFileSync(
      join(work, 'htpasswd'),
      execFileSync('htpasswd', ['-Bbn', login.username, login.password], { encoding: 'utf8' }),
    );
  let child: ReturnType<typeof spawn> | undefined;
  const registry: TestRegistry = {
    prefix: `${host}:${port}`,
    async start() {
      const own = [
        join(import.meta.dirname, 'ownregistry.ts'),
        host,
        String(port),
        join(work, 'tls.crt'),
        join(work, 'tls.key'),
      ];
      child =
        program === 'ours'
          ? spawn(process.execPath, own, { stdio: 'ignore' })
          : spawn(program, ['serve', join(work, 'config.yml')], { stdio: 'ignore' });
      await answering({ host, port });
    },
    async stop() {
      const ended = child;
      if (ended === undefined || ended.exitCode !== null) return;
      const gone = new Promise((resolve) => ended.once('exit', resolve));
      ended.kill('SIGKILL');
      await gone;
    },
  };
  await registry.start();
  return registry;
}
