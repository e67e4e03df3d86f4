// seaworthy db: the advisory database, brought up to date and described.
import { Command, Option } from 'commander';
import { systemClock } from '../core/index.ts';
import {
  advisoryFetch,
  databaseAge,
  openDatabase,
  publishers,
  type UpdateReport,
  updateDatabase,
} from '../scan/index.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { writeOutput } from './files.ts';
import { ecosystemsMet } from './met.ts';
import { collect, openSetting } from './setting.ts';

interface UpdateOptions {
  from: string;
  ecosystem?: string[];
  all?: boolean;
  epss: string | false;
  kev: string | false;
  acceptShrink?: string[];
  format: 'table' | 'json';
}

export function dbCommand(): Command {
  const format = () =>
    new Option('--format <format>', 'how to write the result').choices(['table', 'json']).default('table');
  const update = new Command('update')
    .description('Make the advisory database, or take in what changed since the last time.')
    .option('--from <place>', 'URL or directory of OSV feeds in the layout osv.dev publishes', publishers.osv)
    .option('--ecosystem <names>', 'feeds to keep (default: those this home’s scans have met)', collect)
    .option('--all', 'every feed there is; osv.dev lists 2.6 million records')
    .option('--epss <place>', 'URL or file of FIRST’s scores', publishers.epss)
    .option('--no-epss', 'leave EPSS as it is')
    .option('--kev <place>', 'URL or file of CISA’s catalogue', publishers.kev)
    .option('--no-kev', 'leave KEV as it is')
    .option('--accept-shrink <feeds>', 'take a feed even when it lost half of its records or more', collect)
    .addOption(format())
    .addHelpText(
      'after',
      '\nExamples:\n  $ seaworthy db update\n  $ seaworthy db update --ecosystem Debian,npm,Go\n  $ seaworthy db update --from ./osv --all --no-epss --no-kev',
    )
    .action(runUpdate);
  const status = new Command('status')
    .description('Say what the advisory database holds, and how old it is.')
    .addOption(format())
    .addHelpText('after', '\nExample:\n  $ seaworthy db status --format json')
    .action(runStatus);
  return new Command('db').description('The advisory database.').addCommand(update).addCommand(status);
}

async function runUpdate(options: UpdateOptions, command: Command): Promise<void> {
  const setting = openSetting(command);
  const tty = process.stderr.isTTY === true;
  try {
    const chosen = options.ecosystem ?? ecosystemsMet(setting.home);
    if (!options.all && chosen.length === 0)
      throw new CliFault('option-invalid', 'no ecosystem was chosen, and no scan has met one yet', {
        hint: 'scan an image first, or choose with --ecosystem NAME or --all',
      });
    const report = await updateDatabase({
      home: setting.home,
      from: options.from,
      ecosystems: options.all ? 'all' : chosen,
      ...(options.epss === false ? {} : { epss: options.epss }),
      ...(options.kev === false ? {} : { kev: options.kev }),
      acceptShrink: options.acceptShrink ?? [],
      clock: systemClock,
      fetch: advisoryFetch(setting.http, setting.signal),
      ...(tty
        ? {
            progress: (feed: string, done: number, all: number) =>
              void process.stderr.write(`\r\x1b[2K${feed}: ${done} of ${all} records`),
          }
        : {}),
    }).finally(() => tty && process.stderr.write('\r\x1b[2K'));
    await writeOutput(
      options.format === 'json' ? `${JSON.stringify(reportJson(report), null, 2)}\n` : updateTable(report),
      undefined,
    );
    const whole = report.refused.length === 0 && report.feeds.every((feed) => feed.missing.length === 0);
    process.exitCode = whole ? exitCodes.done : exitCodes.undecided;
  } finally {
    await setting.close();
  }
}

function reportJson(report: UpdateReport) {
  return {
    ...report,
    refused: report.refused.map(({ name, fault }) => ({
      name,
      code: fault.code,
      message: fault.message,
      hint: fault.hint,
    })),
  };
}

function updateTable(report: UpdateReport): string {
  const rows = report.feeds.map((feed) => [feed.name, changes(feed)]);
  for (const { name, records } of report.scores)
    rows.push([name, records === undefined ? 'unchanged' : `${records} CVEs`]);
  const lines = aligned(rows);
  for (const { name, fault } of report.refused)
    lines.push(`${name}: left as it was: ${fault.message}${fault.hint ? `\n  ${fault.hint}` : ''}`);
  return `${lines.join('\n')}\n`;
}

function changes(feed: UpdateReport['feeds'][number]): string {
  const parts = [
    feed.added > 0 ? `${feed.added} added` : '',
    feed.changed > 0 ? `${feed.changed} changed` : '',
    feed.removed > 0 ? `${feed.removed} removed` : '',
    feed.unreadable > 0 ? `${feed.unreadable} malformed` : '',
    feed.missing.length > 0
      ? `${feed.missing.length} could not be read and are asked for again next time`
      : '',
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(', ') : 'unchanged';
}

async function runStatus(options: { format: 'table' | 'json' }, command: Command): Promise<void> {
  const setting = openSetting(command);
  try {
    const database = openDatabase(setting.home);
    if (database === undefined)
      throw new CliFault('option-invalid', 'there is no advisory database yet', {
        hint: 'seaworthy db update',
      });
    const sources = database.sources().map((source) => {
      const age = databaseAge(source, systemClock);
      return { ...source, ...(age === undefined ? {} : { ageDays: Math.floor(age / 86_400_000) }) };
    });
    const state = { revision: database.revision, isSeed: database.isSeed, sources };
    database.close();
    if (options.format === 'json') return await writeOutput(`${JSON.stringify(state, null, 2)}\n`, undefined);
    const rows = sources.map((source) => [
      source.name,
      `${source.records} records`,
      `newest ${source.newest.slice(0, 10)}`,
      source.checked
        ? `checked ${source.checked.slice(0, 10)}`
        : source.kind === 'seed'
          ? 'seed'
          : 'directory',
      source.ageDays === undefined ? 'age unknown' : `${source.ageDays} days old`,
      source.licence,
    ]);
    const title = state.isSeed
      ? 'the seed that ships with Seaworthy; seaworthy db update fetches today’s'
      : `revision ${state.revision}`;
    await writeOutput(`${title}\n${aligned(rows).join('\n')}\n`, undefined);
  } finally {
    await setting.close();
  }
}

function aligned(rows: readonly string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  return rows.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '),
  );
}
