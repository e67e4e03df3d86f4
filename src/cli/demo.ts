// seaworthy demo: the whole loop on this machine, with nothing to install; or the images of it, to do it by hand.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { demoManifest, demoPolicy, demoServer } from './demofiles.ts';
import { demoDigest, writeDemoImages } from './demoimages.ts';
import { Stage } from './demostage.ts';
import { tell } from './demostory.ts';
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
    await writeAll(resolve(options.images));
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

async function writeAll(dir: string): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const { registry } = addresses;
  writeDemoImages(dir, registry);
  writeFileSync(join(dir, 'policy.yaml'), demoPolicy(registry));
  writeFileSync(join(dir, 'server.yaml'), demoServer(addresses));
  for (const name of ['shop', 'web', 'api'])
    writeFileSync(
      join(dir, `${name}.yaml`),
      demoManifest(name, `${registry}/team/${name}:1@${demoDigest(name, registry)}`),
    );
  makeRepository(dir);
}

function makeRepository(dir: string): void {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: dir, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] }).trim();
  const identity = ['-c', 'user.name=Seaworthy demo', '-c', 'user.email=demo@seaworthy.invalid'];
  git('init', '--quiet', '--bare', '--initial-branch=main', 'manifests.git');
  const tree = ['api', 'shop', 'web']
    .map(
      (name) =>
        `100644 blob ${git('--git-dir=manifests.git', 'hash-object', '-w', `${name}.yaml`)}\t${name}.yaml\n`,
    )
    .join('');
  const root = execFileSync('git', ['--git-dir=manifests.git', 'mktree'], {
    cwd: dir,
    input: tree,
    encoding: 'utf8',
  }).trim();
  const commit = git(
    '--git-dir=manifests.git',
    ...identity,
    'commit-tree',
    root,
    '-m',
    'what the cluster is deployed from',
  );
  git('--git-dir=manifests.git', 'update-ref', 'refs/heads/main', commit);
  git('--git-dir=manifests.git', 'config', 'user.name', 'Seaworthy demo');
  git('--git-dir=manifests.git', 'config', 'user.email', 'demo@seaworthy.invalid');
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
