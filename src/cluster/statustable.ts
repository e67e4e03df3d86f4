// A status for a person at a terminal: what would be denied first, then what runs with the worst findings first.
import { paint, plain, type TableLook, widthOf, wrap } from '../scan/report/index.ts';
import type { ClusterStatus, ContextStatus, ImageStatus, RunningStatus } from './statusanswer.ts';
import { countOf, cut, dayOf, imageText, moreLine, pad, workloadText } from './statustext.ts';
import { undecidedLines } from './statusundecided.ts';

/** Rows of one section; the others are counted. */
const rowsShown = 20;
const levels = ['critical', 'high', 'medium', 'low'] as const;

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
  const head = `${plain(context)}: ${countOf(pods, 'pod')}, ${countOf(running.length, 'container')} of ${countOf(digests.size, 'image')}`;
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
  const denied = running.filter(({ verdict }) => verdict?.decision === 'deny');
  if (denied.length === 0) return [];
  const workloads = new Set(denied.map((row) => workloadText(row)));
  const lines = [
    paint(`Would be denied today: ${countOf(workloads.size, 'workload')}`, look.colour, 'bold', 'red'),
  ];
  for (const row of denied.slice(0, rowsShown)) {
    lines.push(...rowHead(row, look, row.enforced ? '' : ' (not enforced there)'));
    for (const { rule, mode, found, since, fix, by } of row.verdict!.failing) {
      if (mode !== 'enforce') continue;
      const when = since === undefined ? '' : ` since ${dayOf(since)}`;
      const whose = by === 'advisories' ? ' (an admission follows with the next signed scan)' : '';
      const [first = '', second, ...rest] = wrap(
        plain(`✗ ${rule}${when}: ${found}${whose}`),
        look.columns - 6,
      );
      lines.push(
        `    ${first}`,
        ...(second === undefined
          ? []
          : [`      ${rest.length > 0 ? `${cut(second, look.columns - 8)} …` : second}`]),
      );
      if (fix !== undefined)
        lines.push(
          ...wrap(plain(`fix: ${fix}`), look.columns - 6)
            .slice(0, 2)
            .map((line) => paint(`      ${line}`, look.colour, 'dim')),
        );
    }
  }
  return [...lines, ...moreLine(denied.length - rowsShown, look)];
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

function runningLines({ running }: ContextStatus, images: Images, look: TableLook): string[] {
  const rows = running
    .map((row) => ({ row, image: images.get(row.key)! }))
    .map((one) => ({ ...one, counts: countsOf(one.image) }))
    .sort((a, b) => worse(a.counts, b.counts));
  if (rows.length === 0) return ['Nothing runs.'];
  const shown = rows.slice(0, rowsShown);
  const names = shown.map(({ row }) => plain(`${workloadText(row)}${marksOf(row)}`));
  const containers = shown.map(({ row }) => plain(row.container));
  const room = look.columns - 4 * 5 - 6;
  const narrow = Math.min(Math.max(9, ...containers.map(widthOf)), Math.floor(room * 0.16));
  const longest = Math.max(...shown.map(({ row }) => widthOf(plain(imageText(row)))));
  const most = Math.max(Math.floor(room * 0.45), room - narrow - longest);
  const wide = Math.min(Math.max(8, ...names.map(widthOf)), most);
  const left = room - wide - narrow;
  const lines = [
    paint('What runs, worst findings first', look.colour, 'bold'),
    paint(
      `${'CRIT'.padStart(4)} ${'HIGH'.padStart(4)} ${' MED'.padStart(4)} ${' LOW'.padStart(4)}  ${pad('WORKLOAD', wide)}  ${pad('CONTAINER', narrow)}  IMAGE`,
      look.colour,
      'dim',
    ),
  ];
  shown.forEach(({ row, image, counts }, at) => {
    const numbers =
      image.problem === undefined
        ? counts.map((count, i) => number(count, levels[i]!, look)).join(' ')
        : paint('  not readable     ', look.colour, 'yellow');
    lines.push(
      `${numbers}  ${pad(names[at]!, wide)}  ${pad(containers[at]!, narrow)}  ${cut(plain(imageText(row)), left)}`,
    );
  });
  return [...lines, ...moreLine(rows.length - rowsShown, look)];
}

function marksOf({ pods, state, workload }: RunningStatus): string {
  return `${pods > 1 ? ` ×${pods}` : ''}${state === 'running' ? '' : ` (${state})`}${workload.isStatic ? ' (static)' : ''}`;
}

function number(count: number, level: (typeof levels)[number], look: TableLook): string {
  const text = String(count).padStart(4);
  if (count === 0) return paint(text, look.colour, 'dim');
  return level === 'critical' || level === 'high' ? paint(text, look.colour, 'red') : text;
}

function countsOf({ findings }: ImageStatus): number[] {
  return levels.map((level) => findings.filter((finding) => finding.level === level).length);
}

function worse(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((count, i) => count !== b[i]);
  return at < 0 ? 0 : b[at]! - a[at]!;
}

function notStartedLines({ notStarted }: ContextStatus, look: TableLook): string[] {
  if (notStarted.length === 0) return [];
  return [
    paint('Not started', look.colour, 'bold'),
    ...notStarted
      .slice(0, rowsShown)
      .map((row) =>
        cut(plain(`  ${workloadText(row)} ${row.container}: ${row.reason} (${row.image})`), look.columns),
      ),
    ...moreLine(notStarted.length - rowsShown, look),
  ];
}
