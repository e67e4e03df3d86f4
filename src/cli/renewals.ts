// seaworthy renewals: the record of what moved, what followed, and what came of it.
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { Api, ApiHold, ApiRenewalSummary } from '../server/contract/index.ts';
import { formatRenewal } from './renewaldetail.ts';
import { formatHolds, formatRenewals } from './renewaltext.ts';
import { type ServerClientOptions, withApi, withServerOptions } from './serverapi.ts';

interface Options extends ServerClientOptions {
  format: string;
  wait?: string;
}

export function renewalsCommand(): Command {
  return withServerOptions(
    new Command('renewals')
      .description('Show what was renewed and why; with an id, every image and step of one renewal.')
      .argument('[id]', 'of a renewal'),
  )
    .option('--format <format>', 'table or json', 'table')
    .option('--wait <state>', 'until a renewal is in that state; over: until none is running')
    .addHelpText(
      'after',
      `
Examples:
  $ seaworthy renewals
  $ seaworthy renewals r20261127-131700-4f2a`,
    )
    .action(run);
}

async function run(id: string | undefined, options: Options, command: Command): Promise<void> {
  await withApi(command, options, async (api, { signal }) => {
    if (options.wait !== undefined) await waitFor(api, id, options.wait, signal);
    if (id !== undefined) {
      write(await api.renewal(id), options.format, (one) => formatRenewal(one));
      return;
    }
    const [renewals, holds] = await Promise.all([api.renewals(), api.holds()]);
    write({ renewals, holds }, options.format, formatAll);
  });
}

function formatAll({ renewals, holds }: { renewals: ApiRenewalSummary[]; holds: ApiHold[] }): string {
  return `${formatRenewals(renewals)}${formatHolds(holds)}`;
}

function write<T>(answer: T, format: string, text: (answer: T) => string): void {
  process.stdout.write(format === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : text(answer));
}

async function waitFor(api: Api, id: string | undefined, state: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const renewals = (await api.renewals()).filter((renewal) => id === undefined || renewal.id === id);
    if (
      state === 'over'
        ? renewals.length > 0 && renewals.every((renewal) => renewal.state !== 'running')
        : renewals.some((renewal) => renewal.state === state)
    )
      return;
    await delay(100, undefined, { signal });
  }
}
