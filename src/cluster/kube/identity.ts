// Who we are to an API server: a token that is read again, or what an exec plugin answers, until that expires.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { messageOf, parseJson } from '../../core/index.ts';
import { KubeFault } from './fault.ts';
import type { ClusterAccess, ExecPlugin } from './kubeconfig.ts';

export interface Identity {
  token?: string;
  /** PEM. */
  cert?: string;
  key?: string;
  /** Ms since 1970 at which to ask again. */
  until: number;
}

const tokenMs = 60_000;
const pluginMs = 60_000;
const pluginBytes = 1 << 20;

/** Throws KubeFault `kube-credentials`. */
export async function identityOf(access: ClusterAccess, now: number): Promise<Identity> {
  const { cert, key, token, tokenFile, exec } = access.user;
  const certificate = cert === undefined || key === undefined ? {} : { cert, key };
  if (exec !== undefined) return { ...certificate, ...(await askPlugin(exec, access, now)) };
  if (tokenFile !== undefined) {
    try {
      return { ...certificate, token: (await readFile(tokenFile, 'utf8')).trim(), until: now + tokenMs };
    } catch (cause) {
      throw new KubeFault('kube-credentials', `expected a token in ${tokenFile}, got ${messageOf(cause)}`, {
        cause,
      });
    }
  }
  return { ...certificate, ...(token === undefined ? {} : { token }), until: Number.POSITIVE_INFINITY };
}

async function askPlugin(plugin: ExecPlugin, access: ClusterAccess, now: number): Promise<Identity> {
  const info = {
    kind: 'ExecCredential',
    apiVersion: plugin.apiVersion,
    spec: { interactive: false, cluster: { server: access.server } },
  };
  const output = await run(plugin, JSON.stringify(info));
  const status = (parseJson(output) as { status?: Record<string, unknown> } | null)?.status ?? {};
  const text = (key: string) => (typeof status[key] === 'string' ? (status[key] as string) : undefined);
  const token = text('token');
  const cert = text('clientCertificateData');
  const key = text('clientKeyData');
  if (token === undefined && cert === undefined) throw failed(plugin, 'no token and no certificate');
  const expires = Date.parse(text('expirationTimestamp') ?? '');
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    until: Number.isNaN(expires) ? Number.POSITIVE_INFINITY : Math.max(now + 10_000, expires - 30_000),
  };
}

function run(plugin: ExecPlugin, info: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(plugin.command, plugin.args, {
      env: { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: info },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: pluginMs,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size > pluginBytes) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.on('error', (cause) => reject(failed(plugin, messageOf(cause))));
    child.on('close', (code) =>
      code === 0
        ? resolve(Buffer.concat(chunks).toString('utf8'))
        : reject(failed(plugin, `exit code ${code}`)),
    );
  });
}

function failed({ command, hint }: ExecPlugin, got: string): KubeFault {
  return new KubeFault(
    'kube-credentials',
    `expected credentials from ${command}, got ${got}`,
    hint === undefined ? {} : { hint },
  );
}
