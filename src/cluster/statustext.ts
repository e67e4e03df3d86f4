// Words of a status: workloads, images, days, counts, each in the room there is.
import { paint, type TableLook, widthOf } from '../scan/report/index.ts';
import type { Running } from './running.ts';
import type { Workload } from './runningowner.ts';

/** `NAMESPACE/KIND/NAME`. */
export function workloadText({ namespace, workload }: { namespace: string; workload: Workload }): string {
  return `${namespace}/${workload.kind}/${workload.name}`;
}

/** The name as it is written with the digest that runs, cut to what tells it apart. */
export function imageText({ image, identity }: Pick<Running, 'image' | 'identity'>): string {
  const name = image.replace(/@sha\d+:[a-f0-9]+$/, '');
  if (identity.kind === 'name') return name;
  const digest = identity.kind === 'digest' ? identity.digest : identity.id;
  return `${name}@${digest.slice(0, 19)}`;
}

/** `2026-11-27`. `ms`: since 1970. */
export function dayOf(ms: number): string {
  return new Date(Math.min(8.64e15, Math.max(-8.64e15, ms))).toISOString().replace(/T.*/, '');
}

export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}

/** In at most `width` columns; the start of a long text is worth less than its end. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const char of [...text].reverse()) {
    if (widthOf(kept) + widthOf(char) + 1 > width) break;
    kept = char + kept;
  }
  return `…${kept}`;
}

export function pad(text: string, width: number): string {
  const fitting = cut(text, width);
  return fitting + ' '.repeat(Math.max(0, width - widthOf(fitting)));
}

export function moreLine(count: number, look: TableLook): string[] {
  return count <= 0
    ? []
    : [paint(`  and ${count.toLocaleString('en-US')} more (--format json)`, look.colour, 'dim')];
}
