// Real servers for the length of a suite: started on a free port, waited for, said to be there once they answer.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createConnection, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { freePort } from './sigstore/port.ts';

/** Debian's docker-registry, storing below `work`. */
export async function startRegistry(work: string): Promise<{ host: string; process: ChildProcess }> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const file = join(work, 'registry.yml');
  writeFileSync(
    file,
    `version: 0.1\nstorage: {filesystem: {rootdirectory: ${work}/registry}}\nhttp: {addr: ${host}}\nlog: {level: error}\n`,
  );
  const process = spawn('docker-registry', ['serve', file], { stdio: 'ignore' });
  await answering({ host: '127.0.0.1', port });
  return { host, process };
}

/** Resolves once somebody listens; one that never comes up is ended by the limit, by name. */
export async function answering(place: NetConnectOpts): Promise<void> {
  const end = Date.now() + 60_000;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const connection = createConnection(place, () => {
        connection.destroy();
        resolve(true);
      });
      connection.on('error', () => setTimeout(() => resolve(false), 50));
    });
    if (open) return;
    if (Date.now() > end)
      throw new Error(`expected somebody to listen at ${JSON.stringify(place)}, got nobody`);
  }
}
