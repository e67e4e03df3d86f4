// seaworthy release: a person ends the hold on a digest whose rollout failed.
import { Command } from 'commander';
import {
  type HeldWorkload,
  type HoldList,
  listHolds,
  RolloutFault,
  releaseDigest,
} from '../cluster/rollout/index.ts';
import { systemClock } from '../core/index.ts';
import { parseDigest } from '../image/index.ts';
import { type ContextOptions, clustersOf, withContextOptions } from './contexts.ts';
import { parseDuration } from './duration.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { personOf } from './rolloutsay.ts';
import { type ServerClientOptions, withApi, withServerOptions } from './serverapi.ts';
import { collect } from './setting.ts';

interface Options extends ContextOptions, ServerClientOptions {
  namespace?: string[];
  reason?: string;
  expires?: string;
  by?: string;
}

export function releaseCommand(): Command {
  return withServerOptions(
    withContextOptions(
      new Command('release')
        .description(
          'End the hold on a digest whose rollout failed, or on a base that an image came back from; without one, list what a cluster holds.',
        )
        .argument('[held]', 'the digest, or HOST/REPOSITORY:TAG of the base, which the server holds'),
    ),
  )
    .option('--namespace <name>', 'only these namespaces (repeat or separate by commas)', collect)
    .option('--reason <text>', 'why it may be rolled out again')
    .option('--expires <when>', 'the hold is back then: a date such as 2026-12-31, or a span such as 7d')
    .option('--by <text>', 'who is named with the release (default: your account)')
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy release
  $ seaworthy release sha256:… --reason "crashed for want of a secret that is there now" --expires 7d
  $ seaworthy release registry.example.com/base/debian:12 --reason "the app was mended"`,
    )
    .action(run);
}

async function run(digest: string | undefined, options: Options, command: Command): Promise<void> {
  const isBase = digest?.includes('/') === true;
  if (digest !== undefined && !isBase) parseDigest(digest);
  if (digest !== undefined && !options.reason?.trim())
    throw new CliFault('option-invalid', 'expected --reason TEXT, got none', {
      hint: 'A hold ends with a reason that the next reader understands.',
    });
  if (digest !== undefined && isBase) {
    await withApi(command, options, (api) => api.release(digest, options.reason!.trim()));
    process.stdout.write(
      `released ${digest}: what came back from it is tried again\na cluster goes on holding the digest that failed there: seaworthy release DIGEST\n`,
    );
    return;
  }
  const expires = options.expires === undefined ? undefined : expiryOf(options.expires);
  const found: HoldList = { held: [], problems: [] };
  for (const { open } of await clustersOf(options)) {
    const cluster = await open();
    try {
      const namespaces = options.namespace ?? [];
      const listed =
        digest === undefined
          ? await listHolds(cluster, { clock: systemClock, namespaces })
          : await releaseDigest(cluster, digest, {
              by: options.by ?? (await personOf(cluster)),
              reason: options.reason!.trim(),
              ...(expires === undefined ? {} : { expires }),
              namespaces,
              clock: systemClock,
            });
      found.held.push(...listed.held);
      found.problems.push(...listed.problems);
    } finally {
      await cluster.close();
    }
  }
  for (const problem of found.problems) process.stderr.write(`warning: ${problem}\n`);
  if (found.problems.length > 0) process.exitCode = exitCodes.undecided;
  if (digest === undefined) {
    process.stdout.write(heldText(found.held));
    return;
  }
  if (found.held.length === 0)
    throw new RolloutFault(
      'hold-unknown',
      `expected ${digest} to be on hold, got no workload that holds it`,
      {
        hint: 'See what is on hold: seaworthy release',
      },
    );
  process.stdout.write(`released ${digest}${expires === undefined ? '' : ` until ${expires}`}\n`);
  for (const { kind, namespace, name } of found.held)
    process.stdout.write(`  ${kind} ${namespace}/${name}\n`);
}

function heldText(held: readonly HeldWorkload[]): string {
  if (held.length === 0) return 'nothing is on hold\n';
  const groups = Map.groupBy(held, ({ hold }) => `${hold.repository}@${hold.digest}`);
  const lines = [...groups].flatMap(([image, workloads]) => [
    image,
    ...workloads.flatMap(({ context, kind, namespace, name, hold }) => [
      `  ${kind} ${namespace}/${name} in ${context}, since ${hold.since} by ${hold.by}`,
      `    ${hold.reason}`,
    ]),
  ]);
  return `${lines.join('\n')}\n`;
}

function expiryOf(text: string): string {
  const isSpan = /^\d+(?:\.\d+)?[smhd]$/.test(text.trim());
  const at = isSpan ? Date.now() + parseDuration(text) : Date.parse(text);
  if (Number.isNaN(at) || at <= Date.now())
    throw new CliFault(
      'option-invalid',
      `expected --expires with a date or span that lies ahead, got ${text}`,
    );
  return new Date(at).toISOString();
}
