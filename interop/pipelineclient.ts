// A process that starts one run and follows it, keeping its handle in a file as the record does; killed by a test at
// the point that it is told, or by whoever it talks to.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { openHome, systemClock } from '../src/core/index.ts';
import { createClient } from '../src/net/index.ts';
import {
  azurePipelines,
  type BuildRequest,
  buildah,
  jenkins,
  type Pipeline,
} from '../src/renewal/pipeline/index.ts';

const order = JSON.parse(process.argv[2]!) as {
  kind: 'azure' | 'jenkins' | 'buildah';
  /** Address of the service, or the build's context. */
  at: string;
  home: string;
  request: BuildRequest;
  /** Killed before the handle is saved. */
  dies: boolean;
};
const http = createClient({ env: {} });
const pipelines: Record<string, () => Pipeline> = {
  azure: () =>
    azurePipelines({
      http,
      organization: `${order.at}/contoso`,
      project: 'shop',
      pipeline: 7,
      authorization: async () => `Basic ${Buffer.from(':pat').toString('base64')}`,
    }),
  jenkins: () =>
    jenkins({
      http,
      clock: systemClock,
      url: order.at,
      job: 'team/app',
      user: 'seaworthy',
      secret: async () => 'password',
    }),
  buildah: () =>
    buildah({ home: openHome(order.home, {}), env: process.env, clock: systemClock, context: order.at }),
};
const pipeline = pipelines[order.kind]!();
const signal = new AbortController().signal;
const file = `${order.home}/handle.json`;

function save(handle: unknown): void {
  if (order.dies) process.kill(process.pid, 'SIGKILL');
  writeFileSync(`${file}.new`, JSON.stringify(handle));
  renameSync(`${file}.new`, file);
}

if (!existsSync(file)) save(await pipeline.start(order.request, signal));
for (;;) {
  const look = await pipeline.follow(JSON.parse(readFileSync(file, 'utf8')), signal);
  process.stdout.write(`${JSON.stringify(look)}\n`);
  if (look.state !== 'running') break;
  if (look.handle !== undefined) save(look.handle);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
await http.close();
