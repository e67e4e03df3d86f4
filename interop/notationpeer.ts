// Signs and verifies with notation-go, by a configuration that Seaworthy reads as well.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Chain, pemOf } from '../src/testing/notation.ts';
import type { Holder } from '../src/testing/x509.ts';
import { bin } from './peers.ts';

const run = promisify(execFile);

export interface PeerRan {
  code: number;
  /** Both streams. */
  said: string;
}

/** Not run in step: what it asks for (registry, responders) is served by this process. */
async function peer(...args: string[]): Promise<PeerRan> {
  try {
    const { stdout, stderr } = await run(join(bin, 'notation-peer'), args, {
      encoding: 'utf8',
      timeout: 60_000,
    });
    return { code: 0, said: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: `${stdout}${stderr}` };
  }
}

export interface PeerSigning {
  cose?: boolean;
  /** As Go writes durations. */
  expiry?: string;
  tsa?: { url: string; root: Holder };
}

/** `work`: an empty folder of the caller's. */
export async function peerSign(
  work: string,
  reference: string,
  chain: Chain,
  { cose = false, expiry, tsa }: PeerSigning = {},
): Promise<PeerRan> {
  writeFileSync(join(work, 'key.pem'), chain[0].key.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(work, 'chain.pem'), pemOf(chain));
  const args = ['sign', '-ref', reference, '-key', join(work, 'key.pem'), '-chain', join(work, 'chain.pem')];
  if (cose) args.push('-type', 'application/cose');
  if (expiry !== undefined) args.push('-expiry', expiry);
  if (tsa !== undefined) {
    writeFileSync(join(work, 'tsa.pem'), pemOf([tsa.root]));
    args.push('-tsa', tsa.url, '-tsa-root', join(work, 'tsa.pem'));
  }
  return peer(...args);
}

/** `config`: as `writeConfig` made it. */
export function peerVerify(reference: string, config: string): Promise<PeerRan> {
  return peer('verify', '-ref', reference, '-config', config);
}

/** Notation's directory: a trust policy and the stores it names. */
export function writeConfig(
  config: string,
  stores: Readonly<Record<string, readonly Holder[]>>,
  policy: Record<string, unknown> = {},
): void {
  for (const [store, holders] of Object.entries(stores)) {
    const folder = join(config, 'truststore', 'x509', ...store.split(':'));
    mkdirSync(folder, { recursive: true });
    for (const [at, holder] of holders.entries()) writeFileSync(join(folder, `${at}.pem`), pemOf([holder]));
  }
  const entry = {
    name: 'team',
    registryScopes: ['*'],
    signatureVerification: { level: 'strict' },
    trustStores: Object.keys(stores),
    trustedIdentities: ['x509.subject: C=US, ST=WA, O=example.com'],
    ...policy,
  };
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'trustpolicy.json'), JSON.stringify({ version: '1.0', trustPolicies: [entry] }));
}
