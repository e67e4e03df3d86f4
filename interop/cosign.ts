// Runs cosign 2 and cosign 3 as a person would, with a home of their own and no question asked.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Issuer } from './oidc.ts';
import { bin } from './peers.ts';
import { signingConfigOf, type TrustServers, trustedRootOf } from './sigstore/root.ts';

export interface CosignRan {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Cosign {
  /** Runs it and gives what it said; the registry may speak plain HTTP. */
  run(command: string, ...args: string[]): CosignRan;
  /** Runs it, or an error with what it said. */
  must(command: string, ...args: string[]): string;
  /** A new key pair under `password`: paths of the private and the public key. */
  keys(): { key: string; pub: string };
}

/** Of every key that is made here; nothing that it guards outlives the suite. */
export const password = 'interop';

/** Commands that talk to a registry, and so take the flag for plain HTTP. */
const remote = ['sign', 'verify', 'attest', 'verify-attestation', 'attach', 'download', 'tree', 'copy'];

/** `work`: a folder that the caller removes; keys and cosign's own cache are put below it. */
export function cosign(version: 2 | 3, work: string): Cosign {
  const run = (command: string, ...args: string[]) => {
    const all = [command, ...args, ...(remote.includes(command) ? ['--allow-http-registry'] : [])];
    const done = spawnSync(join(bin, `cosign${version}`), all, {
      encoding: 'utf8',
      timeout: 120_000,
      env: { PATH: process.env['PATH'] ?? '', HOME: work, COSIGN_PASSWORD: password, COSIGN_YES: 'true' },
    });
    return { code: done.status, stdout: done.stdout, stderr: done.stderr };
  };
  const must = (command: string, ...args: string[]) => {
    const { code, stdout, stderr } = run(command, ...args);
    if (code === 0) return stdout;
    throw new Error(`cosign${version} ${command} ${args.join(' ')}: expected exit 0, got ${code}: ${stderr}`);
  };
  const keys = () => {
    const prefix = join(mkdtempSync(join(work, 'keys-')), 'cosign');
    must('generate-key-pair', '--output-key-prefix', prefix);
    return { key: `${prefix}.key`, pub: `${prefix}.pub` };
  };
  return { run, must, keys };
}

/** The arguments with which cosign 3 signs by an identity, and checks one, with servers that a suite started. */
export function keyless(work: string, servers: TrustServers, issuer: Issuer) {
  const folder = mkdtempSync(join(work, 'sigstore-'));
  const root = join(folder, 'trusted_root.json');
  const config = join(folder, 'signing_config.json');
  writeFileSync(root, JSON.stringify(trustedRootOf(servers)));
  writeFileSync(config, JSON.stringify(signingConfigOf(servers)));
  return {
    root,
    config,
    sign: (token: string) => [
      `--identity-token=${token}`,
      `--signing-config=${config}`,
      `--trusted-root=${root}`,
    ],
    verify: (identity: string) => [
      `--trusted-root=${root}`,
      `--certificate-identity=${identity}`,
      `--certificate-oidc-issuer=${issuer.url}`,
    ],
  };
}
