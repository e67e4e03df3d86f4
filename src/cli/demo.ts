// seaworthy demo: the whole loop on this machine, with nothing to install; or the images of it, to do it by hand.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { Stage } from './demostage.ts';
import { tell } from './demostory.ts';
import { writeDemo } from './demowrite.ts';
import { CliFault } from './fault.ts';
import { openSetting } from './setting.ts';

interface Options {
  images?: string;
  keep?: boolean;
}

const addresses = { registry: '127.0.0.1:5020', api: '127.0.0.1:7420' };

/** `main` is the command line itself. */
export function demoCommand(main: (words: string[]) => Promise<void>): Command {
  return new Command('demo')
    .description('Show the whole loop on this machine: scan, sign, refuse, renew, redeploy.')
    .option('--images <dir>', 'only write its images (as layouts), policy, configuration and manifests')
    .option('--keep', 'leave its directory there')
    .addHelpText(
      'after',
      `
It needs nothing but Node: the registry, the server and the agent are Seaworthy's own. At a terminal they stay up until
Ctrl-C, so that you can look around.`,
    )
    .action((options: Options, command: Command) => run(options, command, main));
}

async function run(
  options: Options,
  command: Command,
  main: (words: string[]) => Promise<void>,
): Promise<void> {
  if (options.images !== undefined) {
    await writeDemo(resolve(options.images), addresses);
    return;
  }
  for (const address of Object.values(addresses)) await requireFree(address);
  const setting = openSetting(command);
  const dir = mkdtempSync(join(tmpdir(), 'seaworthy-demo-'));
  const password = randomBytes(9).toString('base64url');
  Object.assign(process.env, { SEAWORTHY_HOME: join(dir, 'home'), SEAWORTHY_PASSWORD: password });
  const stage = new Stage(dir, (line) => process.stdout.write(`${line}\n`), main);
  try {
    stage.say(`$ cd ${dir}; export SEAWORTHY_HOME=$PWD/home SEAWORTHY_PASSWORD=${password}`);
    await tell({ stage, http: setting.http, signal: setting.signal, ...addresses });
    if (process.stdout.isTTY) {
      stage.say('The servers are up until Ctrl-C.');
      await new Promise<void>((done) =>
        setting.signal.addEventListener('abort', () => done(), { once: true }),
      );
    }
  } finally {
    await stage.close();
    await setting.close();
    if (!options.keep) rmSync(dir, { recursive: true, force: true });
  }
}

async function requireFree(address: string): Promise<void> {
  const [host, port] = address.split(':');
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', () =>
      fail(
        new CliFault('demo-failed', `expected ${address} to be free, got a server that listens there`, {
          hint: 'stop what listens there: the addresses of the demo are written into its images',
        }),
      ),
    );
    server.listen(Number(port), host, done);
  });
  await new Promise((done) => server.close(done));
}
