// A status for a person at a terminal: what would be denied first, then what runs with the worst findings first.
import { paint, plain, type TableLook, wrap } from '../scan/report/index.ts';
import type { ClusterStatus, ContextStatus, ImageStatus, RunningStatus } from './statusanswer.ts';
import { entriesLines } from './statusentry.ts';
import { runningLines } from './statusrows.ts';
import { countOf, cut, dayOf, imageText, moreLine, pad, workloadText } from './statustext.ts';
import { undecidedLines } from './statusundecided.ts';

/** Rows of one section; the others are counted. */
const rowsShown = 20;

export function formatStatus(status: ClusterStatus, look: TableLook): string {
  const images = new Map(status.images.map((image) => [image.key, image]));
  const blocks = status.contexts.flatMap((context) => contextBlocks(context, images, look));
  const undecided = undecidedLines(status, look);
  const all = [...blocks, ...(undecided.length > 0 ? [undecided] : [])];
  return `${all.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

type Images = ReadonlyMap<string, ImageStatus>;

function contextBlocks(context: ContextStatus, images: Images, look: TableLook): string[][] {
  if (context.problem !== undefined) {
    const { code, message, hint } = context.problem;
    return [
      [
        paint(`${plain(context.context)}: not answering`, look.colour, 'red', 'bold'),
        ...wrap(plain(`${message} (${code})`), look.columns, '  '),
        ...(hint === undefined ? [] : wrap(plain(hint), look.columns, '  ')),
      ],
    ];
  }
  return [
    headLines(context, images, look),
    ...section(deniedLines(context, look)),
    ...section(graceLines(context, look)),
    ...section(runningLines(context, images, look)),
    ...section(notStartedLines(context, look)),
    ...section(context.notes.slice(0, 10).flatMap((note) => wrap(plain(`note: ${note}`), look.columns))),
  ];
}

function section(lines: string[]): string[][] {
  return lines.length === 0 ? [] : [lines];
}

function headLines(
  { context, pods, running, policy, policyProblem }: ContextStatus,
  images: Images,
  look: TableLook,
): string[] {
  const digests = new Set(running.map(({ key }) => images.get(key)?.digest ?? key));
  const containers = running.reduce((sum, row) => sum + row.pods, 0);
  const head = `${plain(context)}: ${countOf(pods, 'pod')}, ${countOf(containers, 'container')} of ${countOf(digests.size, 'image')}`;
  const said =
    policyProblem !== undefined
      ? `the policy does not count: ${policyProblem}`
      : policy === undefined
        ? 'no policy: nothing is judged but findings (--policy FILE judges by one)'
        : `policy ${policy.name} (${policy.from})${policy.changed === undefined ? '' : `, changed ${dayOf(policy.changed)}`}`;
  return [
    paint(head, look.colour, 'bold'),
    ...wrap(plain(said), look.columns).map((line) => paint(line, look.colour, policyProblem ? 'red' : 'dim')),
  ];
}

function deniedLines({ running }: ContextStatus, look: TableLook): string[] {
  const denied = running.flatMap(({ verdict, ...row }) =>
    verdict?.decision === 'deny' ? [{ ...row, verdict }] : [],
  );
  if (denied.length === 0) return [];
  const workloads = new Set(denied.map((row) => workloadText(row)));
  const title = `Would be denied today: ${countOf(workloads.size, 'workload')}`;
  return entriesLines(paint(title, look.colour, 'bold', 'red'), denied, look);
}

function graceLines({ running }: ContextStatus, look: TableLook): string[] {
  const waiting = running
    .filter(({ verdict }) => verdict?.grace !== undefined && verdict.decision !== 'deny')
    .sort((a, b) => a.verdict!.grace!.until - b.verdict!.grace!.until);
  if (waiting.length === 0) return [];
  return [
    paint('In grace, and denied when it is over', look.colour, 'bold', 'yellow'),
    ...waiting
      .slice(0, rowsShown)
      .flatMap((row) =>
        rowHead(row, look, ` until ${dayOf(row.verdict!.grace!.until)} (${row.verdict!.grace!.rule})`),
      ),
    ...moreLine(waiting.length - rowsShown, look),
  ];
}

function rowHead(row: RunningStatus, look: TableLook, aside: string): string[] {
  const [first = '', ...rest] = wrap(
    plain(`${workloadText(row)} ${row.container} ${imageText(row)}${aside}`),
    look.columns - 4,
  );
  return [`  ${paint(first, look.colour, 'bold')}`, ...rest.map((line) => `    ${line}`)];
}

function notStartedLines({ notStarted }: ContextStatus, look: TableLook): string[] {
  if (notStarted.length === 0) return [];
  return [
    paint('Not started', look.colour, 'bold'),
    ...notStarted
      .slice(0, rowsShown)
      .map((row) =>
        `  ${pad(plain(`${workloadText(row)} ${row.container}: ${row.reason}`), Math.floor(look.columns * 0.6))} ${cut(plain(row.image.replace(/@sha\d+:[a-f0-9]+$/, '')), look.columns - Math.floor(look.columns * 0.6) - 3)}`.trimEnd(),
      ),
    ...moreLine(notStarted.length - rowsShown, look),
  ];
}
