// The agent in the cluster, as a user installs it, and the command line with a home of the suite's own.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { eventually, kubectl } from './kubectl.ts';
import { authorityFile } from './place.ts';

const root = new URL('..', import.meta.url).pathname;

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export function command(home: string, ...args: string[]): Ran {
  const done = spawnSync(process.execPath, [join(root, 'bin/seaworthy.cjs'), '--home', home, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, SEAWORTHY_PASSWORD: 'secret' },
  });
  return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

/** Throws with both outputs when the code is another. */
export function must(home: string, code: number, ...args: string[]): Ran {
  const ran = command(home, ...args);
  if (ran.code !== code)
    throw new Error(
      `seaworthy ${args.join(' ')}: expected ${code}, got ${ran.code}\n${ran.stdout}${ran.stderr}`,
    );
  return ran;
}

export function installArgs(policyFile: string, ...more: string[]): string[] {
  const image = process.env['E2E_AGENT_IMAGE'];
  if (image === undefined) throw new Error('expected E2E_AGENT_IMAGE, got none: run `npm run e2e`');
  const ca = process.env['E2E_REGISTRY_CA'] ?? authorityFile;
  return ['cluster', 'install', '--image', image, '--policy', policyFile, '--registry-ca', ca, ...more];
}

export function install(home: string, policyFile: string, ...more: string[]): void {
  must(home, 0, ...installArgs(policyFile, ...more));
}

export function uninstall(home: string): void {
  command(home, 'cluster', 'uninstall');
}

/** What kubectl says when it must succeed. */
export function done(args: readonly string[], input?: unknown): string {
  const answer = kubectl(args, input);
  if (!answer.ok) throw new Error(`kubectl ${args.join(' ')}: ${answer.text}`);
  return answer.text;
}

/** What kubectl says when it must be refused. */
export function refused(args: readonly string[], input?: unknown): string {
  const answer = kubectl(args, input);
  if (answer.ok) throw new Error(`kubectl ${args.join(' ')}: expected a refusal, got ${answer.text}`);
  return answer.text.replace(/\s+/g, ' ');
}

export function field(args: readonly string[], path: string): string {
  return done([...args, '-o', `jsonpath={${path}}`]).trim();
}

/** Until the webhook answers: reviews of a probe are judged, not failed. */
export async function agentAnswers(namespace: string): Promise<void> {
  const probe = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'probe', namespace },
    spec: { containers: [{ name: 'x', image: `127.0.0.1:1/none@sha256:${'0'.repeat(64)}` }] },
  };
  await eventually('the agent answers', () => {
    const { ok, text } = kubectl(['create', '--dry-run=server', '-f', '-'], probe);
    return !ok && !text.includes('failed calling webhook');
  });
}

export async function waitFor(what: string, ...args: string[]): Promise<void> {
  await eventually(what, () => kubectl(args).ok);
}
