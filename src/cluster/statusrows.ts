// What runs as rows: a workload with one of its images each, the worst findings first.
import { paint, plain, type TableLook, widthOf } from '../scan/report/index.ts';
import type { ContextStatus, ImageStatus, RunningStatus } from './statusanswer.ts';
import { cut, imageText, moreLine, pad, workloadText } from './statustext.ts';

const rowsShown = 20;
/** What stands behind a name: in how many pods, and how many more of its containers have the image. */
const heading = 'WORKLOAD ×pods +containers';
const levels = ['critical', 'high', 'medium', 'low'] as const;

interface Row {
  /** The containers of the workload that have the image. */
  containers: RunningStatus[];
  image: ImageStatus;
  counts: number[];
}

export function runningLines(
  { running }: ContextStatus,
  images: ReadonlyMap<string, ImageStatus>,
  look: TableLook,
): string[] {
  const rows = rowsOf(running, images);
  if (rows.length === 0) return ['Nothing runs.'];
  const shown = rows.slice(0, rowsShown);
  const names = shown.map(({ containers }) => plain(nameOf(containers)));
  const room = look.columns - 4 * 5 - 3;
  const longest = Math.max(...shown.map(({ containers: [one] }) => widthOf(plain(imageText(one!)))));
  const most = Math.max(Math.floor(room * 0.6), room - longest);
  const wide = Math.min(Math.max(heading.length, ...names.map(widthOf)), most);
  const lines = [
    paint('What runs, worst findings first', look.colour, 'bold'),
    paint(`CRIT HIGH  MED  LOW  ${pad(heading, wide)}  IMAGE`, look.colour, 'dim'),
  ];
  shown.forEach(({ containers: [one], image, counts }, at) => {
    const numbers =
      image.problem === undefined
        ? counts.map((count, i) => number(count, levels[i]!, look)).join(' ')
        : paint('not readable'.padStart(19), look.colour, 'yellow');
    lines.push(`${numbers}  ${pad(names[at]!, wide)}  ${cut(plain(imageText(one!)), room - wide)}`);
  });
  return [...lines, ...moreLine(rows.length - rowsShown, look)];
}

function rowsOf(running: readonly RunningStatus[], images: ReadonlyMap<string, ImageStatus>): Row[] {
  const rows = new Map<string, Row>();
  for (const one of running) {
    const image = images.get(one.key)!;
    const key = JSON.stringify([workloadText(one), image.digest ?? one.key, imageText(one)]);
    const known = rows.get(key) ?? { containers: [], image, counts: countsOf(image) };
    known.containers.push(one);
    rows.set(key, known);
  }
  return [...rows.values()].sort((a, b) => worse(a.counts, b.counts));
}

function nameOf(containers: readonly RunningStatus[]): string {
  const [first] = containers as [RunningStatus];
  const pods = Math.max(...containers.map((one) => one.pods));
  const states = new Set(containers.map(({ state }) => state));
  return [
    workloadText(first),
    ...(pods > 1 ? [`×${pods}`] : []),
    ...(containers.length > 1 ? [`+${containers.length - 1}`] : []),
    ...(states.has('running') ? [] : [`(${[...states].join(', ')})`]),
    ...(first.workload.isStatic ? ['(static)'] : []),
  ].join(' ');
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
