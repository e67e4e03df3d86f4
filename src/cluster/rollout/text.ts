// Plans and outcomes as people read them: one line for each workload, the reason below it.
import type { DigestChange } from '../workload/index.ts';
import type { Outcome } from './move.ts';
import type { PlannedMove, RolloutPlan, WorkloadName } from './plan.ts';
import type { MovedImage } from './record.ts';
import type { RolloutResult } from './run.ts';

const words: Record<Outcome['state'], string> = {
  moving: 'moving',
  returning: 'returning',
  moved: 'moved',
  unproven: 'unproven',
  returned: 'returned',
  stuck: 'STUCK',
  overtaken: 'overtaken',
  refused: 'refused',
  missing: 'missing',
  left: 'left',
};

/** What would be done in one cluster. */
export function formatPlan(plan: RolloutPlan, columns: number): string {
  const lines = [`cluster ${plan.cluster.context}:`];
  for (const move of plan.moves) {
    lines.push(row(move.begun === undefined ? 'move' : 'finish', move));
    const said = [containersOf(move.images), ...move.notes];
    if (move.begun !== undefined)
      said.unshift(`begun ${move.begun.started} by ${move.begun.by}, ${move.begun.state}`);
    lines.push(...said.flatMap((text) => wrapped(text, columns)));
  }
  for (const left of plan.left) {
    lines.push(row('leave', left), ...wrapped(left.text, columns));
    for (const { before, after } of left.change ?? [])
      lines.push(`${indent}now   ${before}`, `${indent}to be ${after}`);
  }
  if (plan.already > 0)
    lines.push(
      `  ${plan.already} ${plan.already === 1 ? 'workload has' : 'workloads have'} the new digest already`,
    );
  if (plan.moves.length === 0 && plan.left.length === 0) lines.push('  nothing runs the old digest');
  if (!plan.isWhole) lines.push('  other namespaces could not be read: the digest may be on hold there');
  return `${lines.join('\n')}\n`;
}

/** What moves, with whole digests. */
export function formatChange({ domain, repository, from, to, toTag }: DigestChange): string {
  const tag = toTag === undefined ? '' : `, tag ${toTag}`;
  return `rollout of ${domain}/${repository}\n  from ${from}\n  to   ${to}${tag}\n`;
}

/** `main, first (init), data (volume), which only the tag in app:1.2 names`. */
function containersOf(images: readonly MovedImage[]): string {
  return images
    .map(({ name, role, before, good }) => {
      const tag = before === good ? '' : `, which only the tag in ${before} names`;
      return `${name}${role === 'container' ? '' : ` (${role})`}${tag}`;
    })
    .join(', ');
}

/** Why a digest on hold is not rolled out, and what a person can do. */
export function formatHolds({ holds, change }: RolloutPlan, columns: number): string {
  const lines = holds
    .slice(0, 5)
    .flatMap(({ workload, hold }) => [
      row('HELD', workload),
      ...wrapped(`since ${hold.since} by ${hold.by}: ${hold.reason}`, columns),
    ]);
  const release = `  seaworthy release ${change.to} --reason TEXT`;
  return `${[...lines, '  Once a person has looked into it:', release].join('\n')}\n`;
}

export function formatOutcome(outcome: Outcome, columns: number): string {
  return `${[row(words[outcome.state], outcome), ...wrapped(outcome.reason, columns)].join('\n')}\n`;
}

export function formatStopped(stopped: readonly PlannedMove[]): string {
  return stopped.map((move) => `${row('not begun', move)}\n`).join('');
}

/** `2 moved, 1 returned, 1 not begun`. */
export function summaryOf({ outcomes, stopped }: RolloutResult): string {
  const counts = new Map<string, number>();
  for (const { state } of outcomes) counts.set(words[state], (counts.get(words[state]) ?? 0) + 1);
  if (stopped.length > 0) counts.set('not begun', stopped.length);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'nothing to move';
}

function row(word: string, { kind, namespace, name }: WorkloadName): string {
  return `  ${word.padEnd(10)} ${kind.padEnd(11)} ${namespace}/${name}`;
}

const indent = ' '.repeat(13);

function wrapped(text: string, columns: number): string[] {
  const width = Math.max(30, columns - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines.map((one) => `${indent}${one}`);
}
